"""Walker: a codebook in the form in which compiled loops encode and decode with it.

The trie becomes a double array (Aoe, 1989): the child of the node in slot s by byte b is in slot base[s] + b, and it is
there if that slot's parent is s. Base, parent, code and length of a slot lie side by side, so a step of the walk reads
one cache line, and the 65,536 nodes of a full dictionary are about 1 MB.
"""

import itertools
from collections.abc import Sequence

import numba
import numpy as np
import numpy.typing as npt

from pipelines.codec import TokenArrays, Tokens
from pipelines.entropy.codebook import Codebook

Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]
BASE, PARENT, CODE, TAKEN = range(4)  # the columns of a slot
NOBODY = -1
HEAD = 8  # bytes that decoding copies at once


class Walker:
    """Encodes and decodes by a codebook; the loops hold no lock, so threads can share one walker."""

    def __init__(self, codebook: Codebook) -> None:
        self._slots = _slots(codebook)
        meanings = codebook.meanings()
        self._texts = np.frombuffer(b"".join(text for _, text in meanings), np.uint8)
        self._heads = np.zeros((meanings[-1][0] + 1, HEAD), np.uint8)
        lengths = np.zeros(len(self._heads), np.int32)
        for code, text in meanings:
            self._heads[code, : len(text)] = list(text[:HEAD])
            lengths[code] = len(text)
        self._starts = np.append(0, np.cumsum(lengths)).astype(np.int32)

    def encode(self, texts: Sequence[bytes]) -> TokenArrays:
        """The codes of each text."""
        offsets = np.append(0, np.cumsum([len(text) for text in texts])).astype(np.int64)
        data = np.frombuffer(b"".join(texts), np.uint8)
        codes, ends = np.empty(len(data), np.uint32), np.zeros(len(texts) + 1, np.int64)
        _encode(data, offsets, self._slots, codes, ends)
        return [codes[start:end].copy() for start, end in itertools.pairwise(ends)]

    def decode(self, codes: Tokens) -> bytes:
        """The text of these codes; ValueError, with its place, on a code that no text has."""
        numbers = np.asarray(codes, np.int64)
        size = _decoded_size(numbers, self._starts)
        if size < 0:
            raise ValueError(
                f"token {-size - 1} is {numbers[-size - 1]}, which stands for no text; these tokens belong to another "
                "codebook, or were not made by one"
            )
        text = np.empty(size + HEAD, np.uint8)
        _decode(numbers, self._starts, self._texts, self._heads, text)
        return text[:size].tobytes()


def _slots(codebook: Codebook) -> Int32Array:
    """(m, 4) the double array; it ends with 256 free slots, so that base + byte is always inside."""
    nodes = np.lexsort((codebook.letters[1:], codebook.parents[1:])) + 1  # brothers side by side, by byte
    firsts = np.searchsorted(codebook.parents[nodes], np.arange(len(codebook.parents) + 1))
    slot_of = np.zeros(len(codebook.parents), np.int64)
    slots: Int32Array = _placed(nodes, firsts, codebook.letters, slot_of)
    slots[slot_of, CODE] = codebook.codes
    slots[slot_of, TAKEN] = codebook.taken
    return slots


@numba.njit(cache=True, nogil=True)
def _placed(nodes: Int64Array, firsts: Int64Array, letters: ByteArray, slot_of: Int64Array) -> Int32Array:
    """Base and parent of every slot, and in `slot_of` each node's slot: children go to the first place with room.

    A node is not tried where one with as many children found no room: nearly all of those places are taken for it too.
    """
    slots = np.zeros((len(letters) + 512, 4), np.int32)
    slots[:, PARENT] = NOBODY
    first_tried = np.ones(257, np.int64)  # by the number of children
    for node in range(len(firsts) - 1):
        children = nodes[firsts[node] : firsts[node + 1]]
        if len(children) == 0:
            continue
        base = max(0, first_tried[len(children)] - letters[children[0]])
        while not _has_room(slots, base, letters, children):
            base += 1
            if base + 512 > len(slots):
                more = np.zeros((len(slots), 4), np.int32)
                more[:, PARENT] = NOBODY
                slots = np.concatenate((slots, more))
        first_tried[len(children)] = base + letters[children[0]]
        slots[slot_of[node], BASE] = base
        for child in children:
            slot_of[child] = base + letters[child]
            slots[slot_of[child], PARENT] = slot_of[node]
    return slots


@numba.njit(cache=True, nogil=True)
def _has_room(slots: Int32Array, base: int, letters: ByteArray, children: Int64Array) -> bool:
    for child in children:
        slot = base + letters[child]
        if slot == 0 or slots[slot, PARENT] != NOBODY:  # slot 0 is the root's
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _encode(
    data: ByteArray, offsets: Int64Array, slots: Int32Array, codes: npt.NDArray[np.uint32], ends: Int64Array
) -> None:
    count = 0
    for text in range(len(offsets) - 1):
        at, stop = offsets[text], offsets[text + 1]
        while at < stop:
            slot = 0
            for place in range(at, stop):
                child = slots[slot, BASE] + data[place]
                if slots[child, PARENT] != slot:
                    break
                slot = child
            codes[count] = slots[slot, CODE]
            at += slots[slot, TAKEN]
            count += 1
        ends[text + 1] = count


@numba.njit(cache=True, nogil=True)
def _decoded_size(codes: Int64Array, starts: Int32Array) -> int:
    """How many bytes the codes stand for, or -1 - the place of the first that stands for none."""
    size = 0
    for place in range(len(codes)):
        code = codes[place]
        if code < 0 or code >= len(starts) - 1 or starts[code] == starts[code + 1]:
            return -1 - place
        size += starts[code + 1] - starts[code]
    return size


@numba.njit(cache=True, nogil=True)
def _decode(codes: Int64Array, starts: Int32Array, texts: ByteArray, heads: ByteArray, text: ByteArray) -> None:
    """Always copies a head, in one instruction, since most texts are no longer; the next text overwrites its rest."""
    at = 0
    for code in codes:
        for place in range(HEAD):
            text[at + place] = heads[code, place]
        length = starts[code + 1] - starts[code]
        for place in range(HEAD, length):
            text[at + place] = texts[starts[code] + place]
        at += length
