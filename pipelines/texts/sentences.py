"""Sentences: the compiled rule that counts them."""

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipelines.texts.arrays import ByteArray, OffsetArray
from pipelines.texts.classes import CLOSER, LOWER, SPACE, STOP

CountArray = npt.NDArray[np.int64]

ABBREVIATIONS = ("mr", "mrs", "ms", "dr", "prof", "rev", "gen", "sen", "st", "jr", "sr", "vs", "fig", "eq", "vol", "no")
ABBREVIATION_BYTES = 4

SentenceCounter = Callable[[ByteArray, ByteArray, OffsetArray], tuple[CountArray, CountArray]]


@functools.cache
def sentence_counter() -> SentenceCounter:
    """The compiled function from (bytes, classes, offsets) of n texts to their (n,) words and (n,) sentences."""
    import numba

    kernel = numba.njit(cache=True, nogil=True)(_count)
    abbreviations = np.array([int.from_bytes(word.encode(), "big") for word in ABBREVIATIONS], np.int64)

    def count(data: ByteArray, classes: ByteArray, offsets: OffsetArray) -> tuple[CountArray, CountArray]:
        words, sentences = np.zeros((2, len(offsets) - 1), np.int64)
        kernel(data, classes, offsets, abbreviations, words, sentences)
        return words, sentences

    return count


def _count(
    data: ByteArray,
    classes: ByteArray,
    offsets: OffsetArray,
    abbreviations: CountArray,
    words: CountArray,
    sentences: CountArray,
) -> None:
    for row in range(len(offsets) - 1):
        place, end = offsets[row], offsets[row + 1]
        line_ends, inside, stopped = 0, False, False
        while place < end:
            if classes[place] & SPACE:
                line_ends += data[place] == 10
                place += 1
                continue
            if inside and (line_ends > 1 or (stopped and not classes[place] & LOWER)):
                sentences[row] += 1
            start = place
            while place < end and not classes[place] & SPACE:
                place += 1
            words[row] += 1
            line_ends, inside = 0, True
            last = place - 1
            while last > start and classes[last] & CLOSER:
                last -= 1
            stopped = classes[last] & STOP != 0
            if data[last] == 46 and last - start <= ABBREVIATION_BYTES:
                stem = 0
                for each in range(start, last):
                    stem = (stem << 8) | (data[each] | 32)
                stopped = last - start != 1
                for abbreviation in abbreviations:
                    stopped = stopped and stem != abbreviation
        sentences[row] += inside
