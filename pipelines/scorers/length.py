"""Scorer `length`: how long a text is; and the reading of Arrow texts that the other scorers share."""

from typing import Literal

import numpy as np
import pyarrow.compute as pc

from pipelines.contracts.rows import Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.texts.classes import count_words


class Length(Scorer):
    """Length of the text in characters, UTF-8 bytes, or words between white space; neither end is better."""

    unit: Literal["characters", "bytes", "words"] = "characters"

    def open(self, fitted: Fitted) -> ScoreFn:
        """The measure of the chosen unit."""
        if self.unit == "words":
            return lambda texts: Scores(count_words(texts))
        measure = pc.utf8_length if self.unit == "characters" else pc.binary_length
        return lambda texts: Scores(measure(texts).to_numpy(zero_copy_only=False).astype(np.float64))
