"""Hashed word n-grams of texts, and a compiled look-up of which texts share one with a given set.

A word is a run of ASCII letters, digits or non-ASCII bytes, ASCII letters folded to lower case; everything else parts
words. N-grams are 64-bit hashes of n consecutive words. A false match needs two hashes to collide: with 10 million
n-grams in the set the chance is 5e-13 for each n-gram looked up.
"""

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.texts.arrays import bytes_and_offsets

Uint64Array = npt.NDArray[np.uint64]
Int64Array = npt.NDArray[np.int64]


def ngrams(texts: pa.Array, n: int) -> tuple[Uint64Array, Int64Array]:
    """All n-grams of all texts in order, and (k,) the text each one is from."""
    data, offsets = bytes_and_offsets(texts)
    capacity = int(offsets[-1] - offsets[0]) // 2 + len(offsets)
    grams, owners = np.empty(capacity, np.uint64), np.empty(capacity, np.int64)
    count = _collect(data, offsets, n, grams, owners)
    return grams[:count], owners[:count]


def overlap(texts: pa.Array, n: int, known: Uint64Array) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    """For each text: its n-grams, how many are `known`, the first one's position in `known` and its byte in the text.

    `known` is sorted and unique. The position is -1 where nothing is shared; the byte counts from the text's own start.
    """
    data, offsets = bytes_and_offsets(texts)
    size = len(offsets) - 1
    total, shared, first, byte = (np.zeros(size, np.int64) for _ in range(4))
    first[:] = -1
    _match(data, offsets, n, known, _prefix_index(known), total, shared, first, byte)
    return total, shared, first, byte


PREFIX_BITS = 16


def _prefix_index(known: Uint64Array) -> Int64Array:
    edges = np.arange(2**PREFIX_BITS, dtype=np.uint64) << np.uint64(64 - PREFIX_BITS)
    return np.append(np.searchsorted(known, edges), len(known)).astype(np.int64)


@numba.njit(cache=True, nogil=True, inline="always")
def _mix(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(30)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    value *= np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@numba.njit(cache=True, nogil=True, inline="always")
def _letter(byte: np.uint8) -> np.uint64:
    if (97 <= byte <= 122) or (48 <= byte <= 57) or byte >= 128:
        return np.uint64(byte)
    if 65 <= byte <= 90:
        return np.uint64(byte + 32)
    return np.uint64(0)


@numba.njit(cache=True, nogil=True)
def _next_word(data: npt.NDArray[np.uint8], start: int, stop: int) -> tuple[int, int, np.uint64]:
    while start < stop and _letter(data[start]) == 0:
        start += 1
    at, value = start, np.uint64(14695981039346656037)
    while at < stop:
        letter = _letter(data[at])
        if letter == 0:
            break
        value = (value ^ letter) * np.uint64(1099511628211)
        at += 1
    return start, at, _mix(value)


@numba.njit(cache=True, nogil=True)
def _gram(words: Uint64Array, count: int, n: int) -> np.uint64:
    value = np.uint64(n)
    for back in range(n):
        value = _mix(value * np.uint64(0x9E3779B97F4A7C15) ^ words[(count - n + back) % n])
    return value


@numba.njit(cache=True, nogil=True)
def _collect(data: npt.NDArray[np.uint8], offsets: Int64Array, n: int, grams: Uint64Array, owners: Int64Array) -> int:
    words, found = np.empty(n, np.uint64), 0
    for text in range(len(offsets) - 1):
        at, stop, count = offsets[text], offsets[text + 1], 0
        while True:
            start, at, word = _next_word(data, at, stop)
            if start == at:
                break
            words[count % n] = word
            count += 1
            if count >= n:
                grams[found], owners[found] = _gram(words, count, n), text
                found += 1
    return found


@numba.njit(cache=True, nogil=True)
def _match(
    data: npt.NDArray[np.uint8],
    offsets: Int64Array,
    n: int,
    known: Uint64Array,
    index: Int64Array,
    total: Int64Array,
    shared: Int64Array,
    first: Int64Array,
    byte: Int64Array,
) -> None:
    words, starts = np.empty(n, np.uint64), np.empty(n, np.int64)
    for text in range(len(offsets) - 1):
        at, stop, count = offsets[text], offsets[text + 1], 0
        while True:
            start, at, word = _next_word(data, at, stop)
            if start == at:
                break
            words[count % n], starts[count % n] = word, start
            count += 1
            if count < n:
                continue
            gram = _gram(words, count, n)
            total[text] += 1
            prefix = np.int64(gram >> np.uint64(64 - PREFIX_BITS))
            low = index[prefix]
            position = low + np.searchsorted(known[low : index[prefix + 1]], gram)
            if position < index[prefix + 1] and known[position] == gram:
                shared[text] += 1
                if first[text] < 0:
                    first[text], byte[text] = position, starts[(count - n) % n] - offsets[text]
