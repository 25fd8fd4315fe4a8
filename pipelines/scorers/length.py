"""Scorer `length`: how long a text is."""

from typing import Literal

import numpy as np
import pyarrow.compute as pc

from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.texts.classes import count_words


class Length(Scorer):
    """Length of the text in characters, UTF-8 bytes, or words between white space; neither end is better."""

    unit: Literal["characters", "bytes", "words"] = "characters"

    def open(self, fitted: Fitted) -> ScoreFn:
        """The measure of the chosen unit."""
        if self.unit == "words":
            return lambda rows: Scores(count_words(rows[TEXT].combine_chunks()))
        measure = pc.utf8_length if self.unit == "characters" else pc.binary_length
        return lambda rows: Scores(measure(rows[TEXT]).to_numpy().astype(np.float64))
