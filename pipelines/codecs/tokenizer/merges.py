"""The merges of byte-pair encoding, done by a compiled loop: 150 ns a word, where the library takes 10 us.

A merge is looked up by its two tokens in a hash table and found as an offer: its rank, then the token that it makes, in
one number, so the least offer is the merge that comes first. `table` is `Merges.table` and `letters` `Merges.letters`
throughout.
"""

import json
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.codecs.tokenizer.byte_level import byte_characters
from pipelines.codecs.tokenizer.words import word_end
from pipelines.contracts.rows import BoolArray
from pipelines.texts.arrays import ByteArray, OffsetArray
from pipelines.texts.classes import ClassArray
from pipelines.texts.mixing import GOLDEN
from pipelines.texts.words import compiled

TokenArray = npt.NDArray[np.uint32]
Offers = npt.NDArray[np.uint64]

NONE = np.uint64(2**64 - 1)  # the offer of two tokens that no merge joins, and the key of an empty slot
HALF = np.uint64(32)
LONGEST_WORD = 256  # bytes; a merge in a longer word would take longer than the library takes


class Merges(NamedTuple):
    """What a byte-level BPE has learned, for the loops of this file."""

    table: Offers  # (slots, 2) two tokens as one number, and their offer; slots are a power of two
    letters: TokenArray  # (256,) the token of each byte

    @classmethod
    def of(cls, tokenizer_file: bytes) -> "Merges":
        """Those of a `tokenizer.json`."""
        model = json.loads(tokenizer_file)["model"]
        vocab: dict[str, int] = model["vocab"]
        pairs = np.array([(vocab[left], vocab[right]) for left, right in model["merges"]], np.uint64).reshape(-1, 2)
        made = np.array([vocab[left + right] for left, right in model["merges"]], np.uint64)
        keys, offers = pairs[:, 0] << HALF | pairs[:, 1], np.arange(len(made), dtype=np.uint64) << HALF | made
        return cls(tabled(keys, offers), np.array([vocab[character] for character in byte_characters()], np.uint32))


@compiled
def tabled(keys: Offers, offers: Offers) -> Offers:
    """The hash table of the offers, at most half of it filled."""
    slots = 2
    while slots < 2 * len(keys):
        slots *= 2
    table = np.full((slots, 2), NONE, np.uint64)
    for number in range(len(keys)):
        slot = slot_of(table, keys[number])
        table[slot, 0], table[slot, 1] = keys[number], offers[number]
    return table


@compiled
def slot_of(table: Offers, key: np.uint64) -> int:
    """The slot where a key stands, or would."""
    last = np.uint64(len(table) - 1)
    slot = (key * GOLDEN) >> HALF & last
    while table[slot, 0] != key and table[slot, 0] != NONE:
        slot = (slot + np.uint64(1)) & last
    return int(slot)


@compiled
def offer_of(table: Offers, left: np.uint32, right: np.uint32) -> np.uint64:
    """The offer of two neighbouring tokens."""
    offer: np.uint64 = table[slot_of(table, np.uint64(left) << HALF | np.uint64(right)), 1]
    return offer


@compiled
def encoded(
    data: ByteArray, offsets: OffsetArray, merges: Merges, classes: ClassArray
) -> tuple[TokenArray, OffsetArray, BoolArray]:
    """The tokens of n texts, (n + 1,) offsets into them, and (n,) which texts are left to the library, with no tokens.

    These have a word longer than LONGEST_WORD or an UNKNOWN character.
    """
    tokens, offers = np.empty(len(data), np.uint32), np.empty(LONGEST_WORD, np.uint64)
    ends, left_over = np.zeros(len(offsets), np.int64), np.zeros(len(offsets) - 1, np.bool_)
    for row in range(len(left_over)):
        position, end, filled = offsets[row], offsets[row + 1], ends[row]
        while position < end:
            stop = word_end(data, position, end, classes)
            if stop < 0 or stop - position > LONGEST_WORD:
                left_over[row], filled = True, ends[row]
                break
            room = tokens[filled : filled + stop - position]
            filled += merge(data[position:stop], merges, room, offers)
            position = stop
        ends[row + 1] = filled
    return tokens[: ends[-1]], ends, left_over


@compiled
def merge(word: ByteArray, merges: Merges, tokens: TokenArray, offers: Offers) -> int:
    """The tokens of a word are the first in `tokens`; returns how many. Of equal offers the leftmost is taken."""
    table, letters = merges
    count = len(word)
    for place in range(count):
        tokens[place] = letters[word[place]]
    for place in range(count - 1):
        offers[place] = offer_of(table, tokens[place], tokens[place + 1])
    while count > 1:
        best = np.argmin(offers[: count - 1])
        if offers[best] == NONE:
            break
        tokens[best] = np.uint32(offers[best] & np.uint64(0xFFFFFFFF))
        count -= 1
        for place in range(best + 1, count):
            tokens[place], offers[place - 1] = tokens[place + 1], offers[place]
        if best > 0:
            offers[best - 1] = offer_of(table, tokens[best - 1], tokens[best])
        if best + 1 < count:
            offers[best] = offer_of(table, tokens[best], tokens[best + 1])
    return count
