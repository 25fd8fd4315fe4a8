"""Windows too many to be compiled, learned as texts bring them: a codebook that grows while it encodes.

Model and coder start anew with each window, so what follows a string of a window is always the same, and the model has
to be asked only for strings that no text had before. A compiled walk encodes as far as the trie goes; where an edge is
missing, the text's row of the model reads the window up to there. So no text costs more than asking for every byte.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from pipelines.codecs.entropy.cdf import Int64Array
from pipelines.codecs.entropy.equal_windows import Rule, is_full
from pipelines.codecs.entropy.intervals import Interval, narrowed, padded_code
from pipelines.codecs.entropy.readings import Reading, read_each
from pipelines.contracts.byte_model import BEGIN, NextByte

MOST_EDGES = 1 << 19  # 130 MB where few bytes count for the model, 310 MB where all do; runs of one byte take 900 MB
LONGEST = 45  # bytes in a bit, since a byte has all but 255 of 2**14 at most, and log2(2**14 / (2**14 - 255)) is 1/44.2
MISSING, TOO_LONG = 0, -1  # instead of a node behind an edge
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

    `rows` texts ask the model together, or so many that each can end a window before the trie is full. At `most_edges`
    edges everything is forgotten; texts are encoded the same, whatever is remembered. For one thread at a time.
    """

    def __init__(self, model: NextByte, bits: int, rule: Rule, rows: int, most_edges: int = MOST_EDGES) -> None:
        """Remembers nothing yet."""
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
        streams = read_each(self._model, {text: self._encoding(text) for text in texts}, self._rows)
        return [streams[text] for text in texts]

    def _encoding(self, text: bytes) -> Reading[bytes]:
        """A reading of one text, which returns its windows as bytes.

        Other texts change the trie whenever the model is asked, so nothing is kept of it meanwhile: the walk begins at
        the window's start again. What the row has read of the window is kept.
        """
        data, windows = np.frombuffer(text, np.uint8), np.empty((len(text), self._bits // 8), np.uint8)
        start = count = 0
        read_from = read_to = -1
        while True:
            start, count, place, node = _walk(data, start, count, self._edges, self._codes, self._taken, windows)
            if start == len(text):
                return windows[:count].tobytes()
            context = text[start:place]
            key = context if self._model.reach is None else context[max(0, len(context) - self._model.reach) :]
            if self._edge_count == self._most_edges:
                self._forget()
            elif is_full(self._nodes[node].interval, self._rule):
                self._connect(node, text[place], TOO_LONG)
            elif key in self._cdfs:
                self._grow(node, text[place], self._cdfs[key])
            else:
                goes_on = read_from == start and read_to < place
                for letter in text[read_to:place] if goes_on else [BEGIN, *context]:
                    cdf = yield letter
                read_from, read_to = start, place
                self._cdfs[key] = cdf.astype(np.uint16)

    def _grow(self, number: int, byte: int, cdf: npt.NDArray[np.uint16]) -> None:
        """Adds the string of this node and this byte with the edge to it; an edge to TOO_LONG where it does not fit."""
        node = self._nodes[number]
        interval = narrowed(node.interval, int(cdf[byte]), int(cdf[byte + 1]))
        code = padded_code(interval, self._bits)
        child = TOO_LONG if code is None else len(self._nodes)
        if code is not None:
            self._nodes.append(_Node(number, node.depth + 1, interval, code))
            self._codes[child] = np.frombuffer(code.to_bytes(self._bits // 8, "big"), np.uint8)
            self._taken[child] = self._bytes_taken(self._nodes[child])
        self._connect(number, byte, child)

    def _connect(self, number: int, byte: int, child: int) -> None:
        """Adds the edge from node `number` by this byte to node `child`."""
        _insert(self._edges, number << 8 | byte, child)
        self._edge_count += 1

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
    start: int,
    count: int,
    edges: Int64Array,
    codes: ByteArray,
    taken: Int32Array,
    windows: ByteArray,
) -> tuple[int, int, int, int]:
    """Encodes from `start`, where `count` windows are written, up to the text's end or an edge that is missing.

    Returns where the window that is not written starts, how many are, and the missing edge's byte's place and node.
    """
    while start < len(data):
        node, place, child = 0, start, TOO_LONG
        while place < len(data):
            child = _child_of(edges, node << 8 | data[place])
            if child <= 0:
                break
            node, place = child, place + 1
        if place < len(data) and child == MISSING:
            return start, count, place, node
        windows[count] = codes[node]
        start, count = start + taken[node], count + 1
    return start, count, start, 0


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
    child: int = edges[_slot_of(edges, key), CHILD]
    return child


@numba.njit(cache=True, nogil=True)
def _insert(edges: Int64Array, key: int, child: int) -> None:
    edges[_slot_of(edges, key)] = key, child
