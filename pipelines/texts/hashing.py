"""Hashing: the words of texts as 64-bit numbers."""

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.texts.arrays import ByteArray, OffsetArray
from pipelines.texts.classes import SPACE, WORD, classify, utf8

HashArray = npt.NDArray[np.uint64]

FNV_START, FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
MIX_FIRST, MIX_SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

WordHasher = Callable[[pa.Array], tuple[HashArray, OffsetArray]]


@functools.cache
def word_hasher() -> WordHasher:
    r"""The compiled function from n texts to the 64-bit hashes of their words in order, and (n + 1,) offsets into them.

    Words are NLTK's WordPunct tokens `\w+|[^\w\s]+` of the text in lower case (Unicode's one-to-one mapping). The
    hash is FNV-1a with a final mix. The hashes of a call are the caller's to change.
    """
    import numba

    kernel = numba.njit(cache=True, nogil=True)(_hash_words)

    def hash_words(texts: pa.Array) -> tuple[HashArray, OffsetArray]:
        data, offsets = utf8(pc.utf8_lower(texts))
        hashes = np.empty(len(data), np.uint64)
        word_offsets = np.zeros(len(offsets), np.int64)
        kernel(data, classify(data), offsets, hashes, word_offsets)
        return hashes[: word_offsets[-1]], word_offsets

    return hash_words


def _hash_words(
    data: ByteArray, classes: ByteArray, offsets: OffsetArray, hashes: HashArray, word_offsets: OffsetArray
) -> None:
    found = 0
    for row in range(len(offsets) - 1):
        place, end = offsets[row], offsets[row + 1]
        while place < end:
            if classes[place] & SPACE:
                place += 1
                continue
            of_word = classes[place] & WORD
            state = FNV_START
            while place < end and not classes[place] & SPACE and classes[place] & WORD == of_word:
                state = (state ^ np.uint64(data[place])) * FNV_PRIME
                place += 1
            state = (state ^ (state >> np.uint64(30))) * MIX_FIRST
            state = (state ^ (state >> np.uint64(27))) * MIX_SECOND
            hashes[found] = state ^ (state >> np.uint64(31))
            found += 1
        word_offsets[row + 1] = found
