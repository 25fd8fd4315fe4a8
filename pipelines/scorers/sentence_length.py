"""Scorer `sentence_length`: the mean number of words in a sentence."""

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.texts.classes import classify, utf8
from pipelines.texts.sentences import sentence_counter


class SentenceLength(Scorer):
    """Mean whitespace words a sentence: lower is easier (`sentlen` of TinyHelen's curricula, arXiv 2501.00522).

    A sentence ends at a word that ends in one of STOPS (closing quotes and brackets aside) when the next word does not
    begin in lower case, at a blank line, and at the end of the text. A full stop after a single character or one of
    ABBREVIATIONS ends none. A text without words scores 0.
    """

    def open(self, fitted: Fitted) -> ScoreFn:
        """Compiles the rule, or loads it compiled from numba's cache."""
        count = sentence_counter()

        def score(rows: pa.Table) -> Scores:
            texts = rows[TEXT].combine_chunks()
            data, offsets = utf8(texts)
            words, sentences = count(data, classify(data), offsets)
            return Scores(words / np.maximum(sentences, 1))

        return score
