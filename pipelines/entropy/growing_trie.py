"""Windows too many to be compiled, learned as texts bring them: a codebook that grows while it encodes.

Model and coder start anew with each window, so what follows a string of a window is always the same, and the model has
to be asked only once for each string that texts really have. A compiled walk encodes as far as the trie goes. Where a
byte is missing in it, a text waits; when enough texts wait, or no other is left, the model is asked for all of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from pipelines.byte_model import NextByte
from pipelines.entropy.cdf import Int64Array, quantized_cdf
from pipelines.entropy.equal_windows import Rule
from pipelines.entropy.intervals import Interval, narrowed, padded_code

MOST_EDGES = 1 << 19  # 130 MB where few bytes count for the model (`order_k`), 310 MB where all do
LONGEST = 45  # bytes in a bit, since a byte has all but 255 of 2**14 at most, and log2(2**14 / (2**14 - 255)) is 1/44.2
MISSING, TOO_LONG = 0, -1  # instead of a node behind an edge
START, PLACE, NODE, WINDOWS = range(4)  # the columns of a text's state
KEY, CHILD = range(2)  # the columns of an edge
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio: neighbours lie far apart (Knuth, volume 3, 6.4)
Int32Array = npt.NDArray[np.int32]
ByteArray = npt.NDArray[np.uint8]


class _Node(NamedTuple):
    """A string that fits into a window; node 0 is the empty one."""

    parent: int
    depth: int
    interval: Interval
    code: int


class GrowingTrie:
    """Encodes texts in windows of `bits` bits, a multiple of 8, and remembers the strings of all that it has encoded.

    `rows` texts wait for the model together, or so many that each can end a window before the trie is full. At
    `most_edges` edges everything is forgotten; texts are encoded the same, whatever is remembered. For one thread at a
    time.
    """

    def __init__(self, model: NextByte, bits: int, rule: Rule, rows: int, most_edges: int = MOST_EDGES) -> None:
        self._model, self._bits, self._rule = model, bits, rule
        self._rows = max(1, min(rows, most_edges // (LONGEST * bits)))
        self._most_edges = most_edges
        self._forget()

    def _forget(self) -> None:
        self._nodes = [_Node(0, 0, Interval(), 0)]
        self._codes = np.empty((self._most_edges + 1, self._bits // 8), np.uint8)
        self._taken = np.empty(self._most_edges + 1, np.int32)
        hash_slots = 2 << (self._most_edges - 1).bit_length()  # at most half of them are ever used
        self._edges = np.zeros((hash_slots, 2), np.int64)
        self._edge_count = 0
        self._cdfs: dict[bytes, npt.NDArray[np.uint16]] = {}

    def encode(self, texts: Sequence[bytes]) -> list[bytes]:
        """Each text's windows, one behind the other."""
        data = np.frombuffer(b"".join(texts), np.uint8)
        ends = np.append(0, np.cumsum([len(text) for text in texts])).astype(np.int64)
        states = np.zeros((len(texts), 4), np.int64)
        states[:, START] = states[:, PLACE] = ends[:-1]
        windows = np.empty((len(data), self._bits // 8), np.uint8)
        waiting = np.empty(self._rows, np.int64)
        while count := _walk(data, ends, states, self._edges, self._codes, self._taken, windows, waiting):
            if self._edge_count + count > self._most_edges:
                self._forget()
                states[:, NODE], states[:, PLACE] = 0, states[:, START]
            else:
                self._grow(data, states[waiting[:count]])
        counts = states[:, WINDOWS].tolist()
        return [windows[end : end + count].tobytes() for end, count in zip(ends[:-1].tolist(), counts, strict=True)]

    def _grow(self, data: ByteArray, states: Int64Array) -> None:
        """Makes the edges that these texts wait for."""
        missing = {(node, int(data[place])): data[start:place].tobytes() for start, place, node, _ in states.tolist()}
        reach = self._model.reach
        keys = [text if reach is None else text[max(0, len(text) - reach) :] for text in missing.values()]
        new = sorted({key for key in keys if key not in self._cdfs})
        if new:
            self._cdfs.update(zip(new, quantized_cdf(self._model.predict(new)).astype(np.uint16), strict=True))
        first = len(self._nodes)
        cdfs = [self._cdfs[key] for key in keys]
        edges = [(node << 8 | byte, self._child(node, byte, cdf)) for (node, byte), cdf in zip(missing, cdfs)]
        _insert(self._edges, np.array(edges, np.int64))
        self._edge_count += len(edges)
        codes = b"".join([node.code.to_bytes(self._bits // 8, "big") for node in self._nodes[first:]])
        self._codes[first : len(self._nodes)] = np.frombuffer(codes, np.uint8).reshape(-1, self._bits // 8)
        self._taken[first : len(self._nodes)] = [self._bytes_taken(node) for node in self._nodes[first:]]

    def _child(self, number: int, byte: int, cdf: npt.NDArray[np.uint16]) -> int:
        """The new node of this node's string and the byte, or TOO_LONG where that does not fit into a window."""
        node = self._nodes[number]
        interval = narrowed(node.interval, int(cdf[byte]), int(cdf[byte + 1]))
        code = padded_code(interval, self._bits)
        if code is None:
            return TOO_LONG
        self._nodes.append(_Node(number, node.depth + 1, interval, code))
        return len(self._nodes) - 1

    def _bytes_taken(self, node: _Node) -> int:
        """How many bytes of the node's string go into a window that ends with it."""
        taken, ancestor = node.depth, node
        while self._rule == "delay" and ancestor.parent:
            ancestor = self._nodes[ancestor.parent]
            if ancestor.code == node.code:
                taken = ancestor.depth
        return taken


@numba.njit(cache=True, nogil=True)
def _walk(
    data: ByteArray,
    ends: Int64Array,
    states: Int64Array,
    edges: Int64Array,
    codes: ByteArray,
    taken: Int32Array,
    windows: ByteArray,
    waiting: Int64Array,
) -> int:
    """Encodes each text up to its end or to an edge that is missing; returns how many are `waiting` for one.

    Stops when there is no room for more of them.
    """
    count = 0
    for text in range(len(states)):
        start, place, node, written = states[text]
        stop, is_missing = ends[text + 1], False
        while start < stop:
            while place < stop:
                child = _child_of(edges, node << 8 | data[place])
                if child <= 0:
                    break
                node, place = child, place + 1
            is_missing = place < stop and child == MISSING
            if is_missing:
                break
            windows[ends[text] + written] = codes[node]
            start, written = start + taken[node], written + 1
            node, place = 0, start
        states[text, START], states[text, PLACE], states[text, NODE], states[text, WINDOWS] = (
            start,
            place,
            node,
            written,
        )
        if is_missing:
            waiting[count] = text
            count += 1
            if count == len(waiting):
                break
    return count


@numba.njit(cache=True, nogil=True)
def _slot_of(edges: Int64Array, key: int) -> np.int64:
    """Where the edge of node << 8 | byte lies, or would lie: at its hash or behind it, before the first free slot."""
    mask = len(edges) - 1
    slot = np.int64(np.uint64(key) * SPREAD >> np.uint64(32)) & mask
    while edges[slot, CHILD] != MISSING and edges[slot, KEY] != key:
        slot = (slot + 1) & mask
    return slot


@numba.njit(cache=True, nogil=True)
def _child_of(edges: Int64Array, key: int) -> int:
    return edges[_slot_of(edges, key), CHILD]


@numba.njit(cache=True, nogil=True)
def _insert(edges: Int64Array, new: Int64Array) -> None:
    for place in range(len(new)):
        edges[_slot_of(edges, new[place, KEY])] = new[place]
