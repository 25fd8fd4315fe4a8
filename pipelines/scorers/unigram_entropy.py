"""Scorer `unigram_entropy`: how varied a text's words are."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import TEXT, Fitted, FloatArray
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.texts.arrays import OffsetArray

if TYPE_CHECKING:
    from pipelines.texts.hashing import HashArray


class UnigramEntropy(Scorer):
    """Bits a word under the text's own distribution of words: low is repetitive, high is varied or long.

    H = -sum over words w of p(w) log2 p(w), p(w) = count(w) / words, on the folded words and runs of marks
    of `pipelines/texts/words.py`; in Chinese, Japanese and Thai a letter is a word. A text without words scores 0.
    """

    version: ClassVar[int] = 2  # 2: words of the folded text, letters of scripts without spaces by themselves

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, compiled, or loaded compiled from numba's cache."""
        import numba

        from pipelines.texts.hashing import hash_pieces

        measure = numba.njit(cache=True, nogil=True)(_entropy)

        def score(rows: pa.Table) -> Scores:
            texts = rows[TEXT].combine_chunks()
            hashes, word_offsets = hash_pieces(texts)
            bits = np.zeros(len(texts))
            measure(hashes, word_offsets, bits)
            return Scores(bits)

        return score


def _entropy(hashes: "HashArray", word_offsets: OffsetArray, bits: FloatArray) -> None:
    for row in range(len(word_offsets) - 1):
        words = hashes[word_offsets[row] : word_offsets[row + 1]]
        words.sort()
        total, run, weighted = len(words), 0, 0.0
        for place in range(total):
            run += 1
            if place + 1 == total or words[place + 1] != words[place]:
                weighted += run * np.log2(run)
                run = 0
        if total:
            bits[row] = max(np.log2(total) - weighted / total, 0.0)
