"""How much of a text repeats itself: lines, paragraphs and word n-grams, by hashes in one compiled loop.

Every word is hashed once to 64 bits; lines, paragraphs and n-grams are polynomials of their words' hashes, so words
are never compared or copied. Two different n-grams of one text are taken for equal with a chance of about
pairs / 2**64. All shares are shares of the characters that are no whitespace. Memory is that of the longest text of a
batch: about 100 bytes for each of its words.
"""

import numpy as np
import numpy.typing as npt

from pipelines.contracts.rows import FloatArray
from pipelines.texts.arrays import ByteArray, OffsetArray
from pipelines.texts.hashing import FNV_START, HashArray, mix, with_byte
from pipelines.texts.mixing import GOLDEN
from pipelines.texts.words import compiled, is_character_start, next_run

IntArray = npt.NDArray[np.int32]
Words = tuple[HashArray, IntArray, IntArray]  # of each word: hash, characters before it, line breaks before it (0 to 2)
Table = tuple[HashArray, IntArray]  # of each slot: key (0: empty), count

SEED, WORD_FACTOR = FNV_START, GOLDEN
EMPTY = np.uint64(0)

# Rules in the order in which they are tried; n-grams of 2 to 4 words are judged by the top one, longer by duplicates.
LINES, LINE_CHARACTERS, PARAGRAPHS, PARAGRAPH_CHARACTERS, NGRAMS = 0, 1, 2, 3, 4
SMALLEST, SMALLEST_DUPLICATE, LARGEST = 2, 5, 10
RULES = NGRAMS + LARGEST - SMALLEST + 1


@compiled
def first_broken_rule(
    data: ByteArray, offsets: OffsetArray, limits: FloatArray, ngram_min_words: int
) -> npt.NDArray[np.int8]:
    """(n,) the number, from 1, of the first rule whose share is over its limit; 0 where no rule is broken.

    `limits` holds RULES shares; one of 1 or more turns its rule off. Texts of fewer than `ngram_min_words` words are
    judged by their lines and paragraphs only.
    """
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    capacity = longest // 2 + 2
    words = (np.empty(capacity, np.uint64), np.empty(capacity, np.int32), np.empty(capacity, np.int32))
    keys, slots = np.empty(capacity, np.uint64), np.empty(capacity, np.int32)
    size = table_size(capacity)
    table = (np.empty(size, np.uint64), np.empty(size, np.int32))
    broken = np.zeros(len(offsets) - 1, np.int8)
    for row in range(len(broken)):
        count = read_words(data, offsets[row], offsets[row + 1], words)
        if count > 0:
            broken[row] = broken_block(words, count, table[0], limits)
            if broken[row] == 0 and count >= ngram_min_words:
                broken[row] = broken_ngram(words, count, keys, slots, table, limits)
    return broken


@compiled
def table_size(entries: int) -> int:
    """The power of two that leaves at least half of the slots free."""
    size = 4
    while size < 2 * entries:
        size *= 2
    return size


@compiled
def slot_of(keys: HashArray, key: np.uint64) -> np.int64:
    """The slot that holds `key`, or the empty one where it belongs; the number of slots is a power of two.

    Keys are sums of mixed numbers times odd factors: their low bits are as random as the others.
    """
    mask = len(keys) - 1
    slot = np.int64(key & np.uint64(mask))
    while keys[slot] != EMPTY and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@compiled
def seen_before(seen: HashArray, key: np.uint64) -> bool:
    """Whether `key` was in the set `seen`; it is added to it, in place."""
    slot = slot_of(seen, key)
    before: bool = seen[slot] == key
    seen[slot] = key
    return before


@compiled
def emptied(keys: HashArray, entries: int) -> HashArray:
    """As many empty slots of `keys` as `entries` take."""
    part = keys[: table_size(entries)]
    part[:] = EMPTY
    return part


@compiled
def read_words(data: ByteArray, begin: int, end: int, words: Words) -> int:
    """Fills `words` with those of one text and returns their number; one entry more holds the characters in total."""
    hashes, starts, breaks = words
    count, characters = 0, 0
    word, stop, lines = next_run(data, begin, end)
    while word < stop:
        starts[count], breaks[count] = characters, min(lines, 2)
        key = FNV_START
        for position in range(word, stop):
            key = with_byte(key, data[position])
            characters += is_character_start(data[position])
        hashes[count] = mix(key)
        count += 1
        word, stop, lines = next_run(data, stop, end)
    starts[count] = characters
    return count


@compiled
def broken_block(words: Words, count: int, seen: HashArray, limits: FloatArray) -> int:
    """The number of the first broken rule about lines and paragraphs, 0 for none."""
    for rule, breaks in ((LINES, 1), (PARAGRAPHS, 2)):
        by_number, by_characters = duplicate_blocks(words, count, breaks, seen)
        if by_number > limits[rule]:
            return rule + 1
        if by_characters > limits[rule + 1]:
            return rule + 2
    return 0


@compiled
def duplicate_blocks(words: Words, count: int, least_breaks: int, seen: HashArray) -> tuple[float, float]:
    """Shares of the blocks, by number and by characters, that were said before; `least_breaks` part two of them."""
    hashes, starts, breaks = words
    seen = emptied(seen, count)
    blocks, repeated, repeated_characters, first, key = 0, 0, 0, 0, SEED
    for word in range(count):
        key = key * WORD_FACTOR + hashes[word]
        if word + 1 == count or breaks[word + 1] >= least_breaks:
            if seen_before(seen, key):
                repeated += 1
                repeated_characters += starts[word + 1] - starts[first]
            blocks += 1
            first, key = word + 1, SEED
    return repeated / blocks, repeated_characters / starts[count]


@compiled
def broken_ngram(words: Words, count: int, keys: HashArray, slots: IntArray, table: Table, limits: FloatArray) -> int:
    """The number of the first broken rule about n-grams, 0 for none.

    What a duplicate n-gram covers its duplicate (n - 1)-grams cover too, so the search ends as soon as the share is
    within all limits that are left: for most texts at 5 words.
    """
    hashes, starts, _ = words
    keys[:count] = hashes[:count]
    for size in range(SMALLEST, min(LARGEST, count - 1) + 1):
        for first in range(count - size + 1):
            keys[first] = keys[first] * WORD_FACTOR + hashes[first + size - 1]
        rule = NGRAMS + size - SMALLEST
        if size < SMALLEST_DUPLICATE:
            if limits[rule] < 1 and top_ngram(starts, keys, count, size, slots, table) > limits[rule]:
                return rule + 1
        else:
            covered = duplicate_ngrams(starts, keys, count, size, table[0])
            if covered > limits[rule]:
                return rule + 1
            if covered <= limits[rule:].min():
                return 0
    return 0


@compiled
def top_ngram(starts: IntArray, keys: HashArray, count: int, size: int, slots: IntArray, table: Table) -> float:
    """The share of characters within the most frequent n-gram of `size` words; 0 where none is there twice.

    Characters where it overlaps itself count once; of equally frequent n-grams the one that stands first is taken.
    """
    entries, counts = emptied(table[0], count), table[1]
    for first in range(count - size + 1):
        slot = slot_of(entries, keys[first])
        if entries[slot] == EMPTY:
            entries[slot] = keys[first]
            counts[slot] = 0
        slots[first] = slot
        counts[slot] += 1
    top, most = 0, 1
    for first in range(count - size + 1):
        if counts[slots[first]] > most:
            top, most = slots[first], counts[slots[first]]
    if most < 2:
        return 0.0
    covered, until = 0, 0
    for first in range(count - size + 1):
        if slots[first] == top:
            covered += starts[first + size] - starts[max(first, until)]
            until = first + size
    share: float = covered / starts[count]
    return share


@compiled
def duplicate_ngrams(starts: IntArray, keys: HashArray, count: int, size: int, seen: HashArray) -> float:
    """The share of characters within n-grams of `size` words that occurred before in the text, each counted once."""
    seen = emptied(seen, count)
    covered, until = 0, 0
    for first in range(count - size + 1):
        if seen_before(seen, keys[first]):
            covered += starts[first + size] - starts[max(first, until)]
            until = first + size
    share: float = covered / starts[count]
    return share
