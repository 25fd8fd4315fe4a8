"""Scorer `sentence_length`: mean words a sentence."""

from typing import ClassVar

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.texts.arrays import utf8
from pipelines.texts.classes import character_classes


class SentenceLength(Scorer):
    """Mean words a sentence: lower is easier (`sentlen` of TinyHelen's curricula, arXiv 2501.00522).

    Sentences are those of `pipelines/texts/sentences.py`: a stop ends one unless the next word begins in lower case,
    and so do 。！？ and a blank line; the full stops of initials and abbreviations end none. Words stand between
    white space; in Chinese, Japanese and Thai every letter is one. A text without words scores 0.
    """

    version: ClassVar[int] = 2  # 2: letters of scripts without spaces are words, their stops end sentences; initials

    def open(self, fitted: Fitted) -> ScoreFn:
        """Compiles the rules, or loads them compiled from numba's cache."""
        from pipelines.texts.sentences import count_sentences
        from pipelines.texts.words import SPACED_WORDS, UNSPACED_WORDS, classify, count_words

        table = character_classes()

        def score(rows: pa.Table) -> Scores:
            texts = rows[TEXT].combine_chunks()
            data, offsets = utf8(texts)
            sentences = count_sentences(data, classify(data, table), offsets)
            counts = count_words(data, offsets, table)
            words = counts[:, SPACED_WORDS] + counts[:, UNSPACED_WORDS]
            return Scores(words / np.maximum(sentences, 1))

        return score
