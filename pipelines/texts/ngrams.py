"""Hashed word n-grams of texts, and a compiled look-up of which texts share one with a given set.

Words are those of the folded text (`words`, `folding`), so an n-gram is the same whether its words are parted by
blanks, no-break spaces, quotes or dashes of any kind, and in Chinese, Japanese and Thai it is n letters. N-grams are
64-bit hashes of n consecutive words, rolled along: the oldest word leaves as the newest enters. A false match needs two
hashes to collide: with 10 million n-grams in the set the chance is 5e-13 for each n-gram looked up.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.texts.arrays import ByteArray, bytes_and_offsets
from pipelines.texts.classes import WORD, ClassArray, character_classes
from pipelines.texts.hashing import HashArray, mix, next_piece
from pipelines.texts.mixing import GOLDEN
from pipelines.texts.words import compiled

Int64Array = npt.NDArray[np.int64]

PrefixArray = npt.NDArray[np.uint32]


def ngrams(texts: pa.Array, n: int) -> tuple[HashArray, Int64Array]:
    """All n-grams of all texts, folded as by `lettered`, in order, and (k,) the text each one is from."""
    data, offsets = bytes_and_offsets(texts)
    capacity = int(offsets[-1] - offsets[0]) + len(offsets)
    grams, owners = np.empty(capacity, np.uint64), np.empty(capacity, np.int64)
    count = _collect(data, offsets, character_classes(), n, grams, owners)
    return grams[:count], owners[:count]


def overlap(
    texts: pa.Array, n: int, known: HashArray, index: PrefixArray
) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    """For each folded text: its n-grams, how many are `known`, the first one's position in `known`, its byte in it.

    `known` is sorted and unique, `index` its `prefix_index`. The position is -1 where nothing is shared; the byte
    counts from the text's own start.
    """
    data, offsets = bytes_and_offsets(texts)
    size = len(offsets) - 1
    total, shared, first, byte = (np.zeros(size, np.int64) for _ in range(4))
    first[:] = -1
    shift = np.uint64(65 - (len(index) - 1).bit_length())  # leaves the prefix of a hash
    _match(data, offsets, character_classes(), n, known, index, shift, total, shared, first, byte)
    return total, shared, first, byte


def prefix_index(known: HashArray) -> PrefixArray:
    """(2**b + 1,) where the sorted hashes with each prefix of b bits begin; about one hash has the same prefix."""
    bits = max(1, len(known).bit_length())
    sizes = np.bincount((known >> np.uint64(64 - bits)).astype(np.int64), minlength=2**bits)
    return np.append(0, np.cumsum(sizes)).astype(np.uint32)


@compiled
def _next_word(data: ByteArray, position: int, end: int, classes: ClassArray) -> tuple[int, int, np.uint64]:
    """Begin, end and hash of the next word, marks passed over; no word: begin == end."""
    begin, stop, bits, word = next_piece(data, position, end, classes)
    while begin < stop and not bits & WORD:
        begin, stop, bits, word = next_piece(data, stop, end, classes)
    return begin, stop, word


@compiled
def _power(n: int) -> np.uint64:
    """GOLDEN to the power of n, in 64 bits: what the oldest of n words has been multiplied by when it leaves."""
    power = np.uint64(1)
    for _ in range(n):
        power *= GOLDEN
    return power


@compiled
def _collect(
    data: ByteArray, offsets: Int64Array, classes: ClassArray, n: int, grams: HashArray, owners: Int64Array
) -> int:
    words, dropped, found = np.zeros(n, np.uint64), _power(n), 0
    for text in range(len(offsets) - 1):
        end, count, rolling = offsets[text + 1], 0, np.uint64(0)
        words[:] = 0
        begin, stop, word = _next_word(data, offsets[text], end, classes)
        while begin < stop:
            slot = count % n
            rolling = rolling * GOLDEN + word - words[slot] * dropped
            words[slot] = word
            count += 1
            if count >= n:
                grams[found], owners[found] = mix(rolling), text
                found += 1
            begin, stop, word = _next_word(data, stop, end, classes)
    return found


@compiled
def _match(
    data: ByteArray,
    offsets: Int64Array,
    classes: ClassArray,
    n: int,
    known: HashArray,
    index: PrefixArray,
    shift: np.uint64,
    total: Int64Array,
    shared: Int64Array,
    first: Int64Array,
    byte: Int64Array,
) -> None:
    words, starts, dropped = np.zeros(n, np.uint64), np.empty(n, np.int64), _power(n)
    for text in range(len(offsets) - 1):
        end, count, rolling = offsets[text + 1], 0, np.uint64(0)
        words[:] = 0
        begin, stop, word = _next_word(data, offsets[text], end, classes)
        while begin < stop:
            slot = count % n
            rolling = rolling * GOLDEN + word - words[slot] * dropped
            words[slot], starts[slot] = word, begin
            count += 1
            if count >= n:
                total[text] += 1
                position = _place(known, index, shift, mix(rolling))
                if position >= 0:
                    shared[text] += 1
                    if first[text] < 0:
                        first[text], byte[text] = position, starts[count % n] - offsets[text]
            begin, stop, word = _next_word(data, stop, end, classes)


@compiled
def _place(known: HashArray, index: PrefixArray, shift: np.uint64, gram: np.uint64) -> int:
    """The position of `gram` in `known`, -1 where it is not; `shift` leaves the prefix of a hash."""
    prefix = np.int64(gram >> shift)
    for position in range(np.int64(index[prefix]), np.int64(index[prefix + 1])):
        if known[position] == gram:
            return position
    return -1
