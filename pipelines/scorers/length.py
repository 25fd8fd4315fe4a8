"""Scorer `length`: how long a text is."""

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.texts.arrays import bytes_and_offsets
from pipelines.texts.classes import character_classes


class Length(Scorer):
    """Length of the text in characters, UTF-8 bytes, or words; neither end is better.

    Words stand between white space; in Chinese, Japanese and Thai every letter is one.
    """

    version: ClassVar[int] = 2  # 2: letters of scripts without spaces are words

    unit: Literal["characters", "bytes", "words"] = "characters"

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, which counts in the chosen unit."""
        if self.unit == "words":
            return _words()
        measure = pc.utf8_length if self.unit == "characters" else pc.binary_length
        return lambda rows: Scores(measure(rows[TEXT]).to_numpy().astype(np.float64))


def _words() -> ScoreFn:
    from pipelines.texts.words import SPACED_WORDS, UNSPACED_WORDS, count_words

    classes = character_classes()

    def score(rows: pa.Table) -> Scores:
        texts = rows[TEXT].combine_chunks()
        counts = count_words(*bytes_and_offsets(texts), classes)
        return Scores((counts[:, SPACED_WORDS] + counts[:, UNSPACED_WORDS]).astype(np.float64))

    return score
