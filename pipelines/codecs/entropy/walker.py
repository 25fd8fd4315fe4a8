"""Walker: a codebook in the form in which compiled loops encode and decode with it.

The trie becomes a double array (Aoe, 1989) whose slots keep a byte instead of a parent: the child of the node in slot s
by byte b is in slot base[s] + b, and it is there if that slot's byte is b. So that no other node's child is taken for
it, every node with children has a base of its own. Base and byte are one number: a step of the walk reads one number,
and those of the 65,536 nodes of a full dictionary are 300 kB.
"""

import itertools
from collections.abc import Sequence

import numba
import numpy as np
import numpy.typing as npt

from pipelines.codecs.entropy.codebook import Codebook
from pipelines.contracts.codec import TokenArrays, Tokens
from pipelines.contracts.mistakes import Mistake

Int32Array = npt.NDArray[np.int32]
StepArray = npt.NDArray[np.uint32]
Int64Array = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]
FREE = 256  # instead of the byte of a slot that holds no node
BYTE_BITS = np.uint64(9)  # of a step, the lowest: a byte or FREE; above them is the base
BYTE_MASK = np.uint64(511)
ROOT = np.uint64(0)  # unsigned, since numba looks whether an index with a sign counts from the end
MOST_BASES = 1 << 23  # what is left of 32 bits
CODE, TAKEN = range(2)  # the columns of what is written where a walk stops
HEAD = 8  # bytes that decoding copies at once


class Walker:
    """Encodes and decodes by a codebook; the loops hold no lock, so threads can share one walker."""

    def __init__(self, codebook: Codebook) -> None:
        """Lays the codebook out for the compiled loops."""
        self._steps, self._stops = _slots(codebook)
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
        _encode(data, offsets, self._steps, self._stops, codes, ends)
        return [codes[start:end].copy() for start, end in itertools.pairwise(ends)]

    def decode(self, codes: Tokens) -> bytes:
        """The text of these codes; Mistake, with its place, on a code that no text has."""
        numbers = np.asarray(codes, np.int64)
        size = _decoded_size(numbers, self._starts)
        if size < 0:
            raise Mistake(
                f"token {-size - 1} is {numbers[-size - 1]}, which stands for no text; these tokens belong to another "
                "codebook, or were not made by one"
            )
        text = np.empty(size + HEAD, np.uint8)
        _decode(numbers, self._starts, self._texts, self._heads, text)
        return text[:size].tobytes()


def _slots(codebook: Codebook) -> tuple[StepArray, Int32Array]:
    """(m,) the steps and (m, 2) the stops of all slots; after the last base there are 256, so that base + byte is one.

    Mistake where there are more strings than a step can tell apart.
    """
    nodes = np.lexsort((codebook.letters[1:], codebook.parents[1:])) + 1  # brothers side by side, by byte
    firsts = np.searchsorted(codebook.parents[nodes], np.arange(len(codebook.parents) + 1))
    slot_of = np.zeros(len(codebook.parents), np.int64)
    steps: StepArray = _placed(nodes, firsts, codebook.letters, slot_of)
    stops = np.zeros((len(steps), 2), np.int32)
    stops[slot_of, CODE] = codebook.codes
    stops[slot_of, TAKEN] = codebook.taken
    return steps, stops


@numba.njit(cache=True, nogil=True)
def _placed(nodes: Int64Array, firsts: Int64Array, letters: ByteArray, slot_of: Int64Array) -> StepArray:
    """The step of every slot, and in `slot_of` each node's slot: children go to the first place with room.

    A node is not tried where one with as many children found no room: nearly all of those places are taken for it too.
    """
    steps = np.full(len(letters) + 512, FREE, np.uint32)
    owned = np.zeros(len(steps), np.bool_)  # the bases of nodes with children
    owned[0] = True  # by the nodes without any; so no child is in slot 0, the root's
    first_tried = np.ones(257, np.int64)  # by the number of children
    for node in range(len(firsts) - 1):
        children = nodes[firsts[node] : firsts[node + 1]]
        if len(children) == 0:
            continue
        base = max(0, first_tried[len(children)] - letters[children[0]])
        while owned[base] or not _has_room(steps, base, letters, children):
            base += 1
            if base + 512 > len(steps):
                steps = np.concatenate((steps, np.full(len(steps), FREE, np.uint32)))
                owned = np.concatenate((owned, np.zeros(len(owned), np.bool_)))
        if base >= MOST_BASES:
            raise Mistake("a codebook of so many strings cannot be walked; compile a smaller one")
        first_tried[len(children)] = base + letters[children[0]]
        owned[base] = True
        steps[slot_of[node]] |= np.uint32(base) << BYTE_BITS
        for child in children:
            slot_of[child] = base + letters[child]
            steps[slot_of[child]] = letters[child]
    return steps


@numba.njit(cache=True, nogil=True)
def _has_room(steps: StepArray, base: int, letters: ByteArray, children: Int64Array) -> bool:
    for child in children:  # noqa: SIM110 - numba has no all() of a generator
        if steps[base + letters[child]] != FREE:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _encode(
    data: ByteArray,
    offsets: Int64Array,
    steps: StepArray,
    stops: Int32Array,
    codes: npt.NDArray[np.uint32],
    ends: Int64Array,
) -> None:
    count = 0
    for text in range(len(offsets) - 1):
        at, end = offsets[text], offsets[text + 1]
        while at < end:
            slot, step = ROOT, steps[ROOT]
            for place in range(at, end):
                child = (step >> BYTE_BITS) + data[place]
                reached = steps[child]
                if reached & BYTE_MASK != data[place]:
                    break
                slot, step = child, reached
            codes[count] = stops[slot, CODE]
            at += stops[slot, TAKEN]
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
