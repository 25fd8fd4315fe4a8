"""Range coder: whole documents as one number each, by whole-number arithmetic in registers of 48 bits.

A symbol is a byte with its integers of `quantized_cdf`, or END, whose one integer comes behind them: 2**14 + 1 in all.
END tells where a text ends, for log2(1 + 2**-14) = 0.00009 bits a byte and 14 bits a document.

The interval of the symbols so far is [N, N + span) / 2**(48 + 8 e): N is written as e bytes and the 48 bits of `low`.
Four things hold, for what Martin (1979) calls range encoding:

- Before every symbol 2**40 <= span <= 2**48, and span is 2**48 before the first symbol alone. A narrower one moves on
  by a byte, which multiplies it by 256.
- Integers [first, last) take the part from span * first // (2**14 + 1) up to span * last // (2**14 + 1). So the parts
  leave no gap and share no point, none is empty, and rounding takes less than 2**-25 of any.
- Intervals are inside each other, all of them in [0, 1). So a written byte changes by a carry alone, which turns bytes
  255 behind it into 0 and ends before the first byte. Products stay below 2**63.
- The stream is the lowest number of e bytes in the last interval, or where it has none, the lowest of e + 1. So its
  bits differ from the interval's information, -log2 of the width, by 8 at most, and an e beyond its size proves it cut
  off: with every byte moving on, decoding ends.

The decoder holds where in the interval the stream's number is, `offset` = number - N, below span. It reads zeros behind
the end of a stream. At END it takes the number only if encoding gives it, so what was cut off or edited is refused,
unless it is the stream of another text. A text without bytes has an empty stream.
"""

import itertools
from collections.abc import Sequence

import numba
import numpy as np
import numpy.typing as npt

from pipelines.codecs.entropy.cdf import TOTAL, Int64Array
from pipelines.contracts.mistakes import Mistake

END = 256
WHOLE = TOTAL + 1
AHEAD = 6  # bytes in a register
FULL = 1 << 48
LEAST = 1 << 40
SPAN, OFFSET, READ = range(3)  # the columns of a decoder's state
CUT_OFF, EDITED = -1, -2  # instead of a symbol
RUN_BYTES = 1 << 16
ByteArray = npt.NDArray[np.uint8]
Int32Array = npt.NDArray[np.int32]


def encode(intervals: Int32Array, lengths: Sequence[int]) -> list[bytes]:
    """The stream of each document; `intervals` (n, 2) holds the first and last integer of every byte of all of them.

    `lengths` says how many bytes each document has; END follows by itself.
    """
    ends = _ends(lengths)
    streams = np.empty(2 * (len(intervals) + len(ends)), np.uint8)  # a symbol has less than 16 bits
    stream_ends = np.zeros(len(ends), np.int64)
    _encode(intervals, ends, streams, stream_ends)
    return [streams[start:end].tobytes() for start, end in itertools.pairwise(stream_ends)]


class Decoder:
    """Where the decoding of each stream is; documents advance in any order."""

    def __init__(self, streams: Sequence[bytes]) -> None:
        """Every stream is at its beginning."""
        self._data = np.frombuffer(b"".join(streams), np.uint8)
        self._ends = _ends([len(stream) for stream in streams])
        self._states = np.empty((len(streams), 3), np.int64)
        self._states[:, SPAN] = FULL
        self._states[:, OFFSET] = [int.from_bytes(stream[:AHEAD].ljust(AHEAD, b"\0"), "big") for stream in streams]
        self._states[:, READ] = self._ends[:-1] + AHEAD

    def step(self, document: int, cdf: Int64Array) -> int:
        """The next byte of a document, or END, by its (257,) `cdf`.

        Mistake, with the document's number, where a stream is cut off or no text has it.
        """
        symbol = _next_symbol(self._states[document], self._data, self._ends[document + 1], cdf)
        if symbol < 0:
            _refuse(document, symbol)
        return symbol

    def rest(self, document: int, cdf: Int64Array) -> bytes:
        """All bytes up to END, every one by the same (257,) `cdf`; Mistake as `step`."""
        pieces, symbol, text = [], 0, np.empty(RUN_BYTES, np.uint8)
        while 0 <= symbol < END:
            size, symbol = _run(self._states[document], self._data, self._ends[document + 1], cdf, text)
            pieces.append(text[:size].tobytes())
        if symbol < 0:
            _refuse(document, symbol)
        return b"".join(pieces)


def _ends(lengths: Sequence[int]) -> Int64Array:
    return np.append(0, np.cumsum(lengths)).astype(np.int64)


def _refuse(document: int, symbol: int) -> None:
    if symbol == CUT_OFF:
        raise Mistake(
            f"the tokens of document {document} end before its text does; decode whole documents, by the model that "
            "they were encoded by"
        )
    raise Mistake(
        f"the tokens of document {document} are none that a text is encoded to: its text ends, and they are not its "
        "shortest number; cut the documents apart at the end token first, and decode them by the "
        "model that they were encoded by"
    )


@numba.njit(cache=True, nogil=True)
def _encode(intervals: Int32Array, ends: Int64Array, streams: ByteArray, stream_ends: Int64Array) -> None:
    size = 0
    for document in range(len(ends) - 1):
        start, stop = ends[document], ends[document + 1]
        low, span = 0, FULL
        for place in range(start, stop + 1 if stop > start else stop):
            first, last = (intervals[place, 0], intervals[place, 1]) if place < stop else (TOTAL, WHOLE)
            below = span * first // WHOLE
            low, span = low + below, span * last // WHOLE - below
            if low >= FULL:
                low -= FULL
                _carry(streams, size)
            while span < LEAST:
                streams[size] = low >> 40
                low, span, size = (low << 8) & (FULL - 1), span << 8, size + 1
        if stop > start:
            size = _close(streams, size, low, span)
        stream_ends[document + 1] = size


@numba.njit(cache=True, nogil=True)
def _carry(streams: ByteArray, size: int) -> None:
    place = size - 1
    while streams[place] == 255:
        streams[place] = 0
        place -= 1
    streams[place] += 1


@numba.njit(cache=True, nogil=True)
def _close(streams: ByteArray, size: int, low: int, span: int) -> int:
    """The size of the stream after its shortest number is written."""
    number = _shortest(low, span)
    if number == FULL:
        _carry(streams, size)
    if number % FULL == 0:
        return size
    streams[size] = number >> 40
    return size + 1


@numba.njit(cache=True, nogil=True)
def _shortest(low: int, span: int) -> int:
    """The lowest number from `low` on, below low + span, with 48 zero bits at its end, or else with 40."""
    number = 0 if low == 0 else FULL
    return number if number < low + span else (low + LEAST - 1) >> 40 << 40


@numba.njit(cache=True, nogil=True)
def _run(state: Int64Array, data: ByteArray, stop: int, cdf: Int64Array, text: ByteArray) -> tuple[int, int]:
    """How many bytes were decoded into `text`, and the last symbol."""
    symbol = 0
    for place in range(len(text)):
        symbol = _next_symbol(state, data, stop, cdf)
        if symbol < 0 or symbol == END:
            return place, symbol
        text[place] = symbol
    return len(text), symbol


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _next_symbol(state: Int64Array, data: ByteArray, stop: int, cdf: Int64Array) -> int:
    """A byte or END, or why there is none; the state moves on."""
    whole, offset = state[SPAN], state[OFFSET]
    integer = ((offset + 1) * WHOLE - 1) // whole  # the last whose part begins at or before the offset
    symbol, first, last = END, TOTAL, WHOLE
    if integer < TOTAL:
        symbol = _byte_of(cdf, integer)
        first, last = cdf[symbol], cdf[symbol + 1]
    below = whole * first // WHOLE
    span, offset = whole * last // WHOLE - below, offset - below
    read = state[READ]
    while span < LEAST:
        offset = offset << 8 | _byte_at(data, read, stop)
        span, read = span << 8, read + 1
    state[SPAN], state[OFFSET], state[READ] = span, offset, read
    if read - AHEAD > stop:
        return CUT_OFF
    if symbol == END and (whole == FULL or not _is_shortest(state, data, stop)):
        return EDITED
    return symbol


@numba.njit(cache=True, nogil=True)
def _byte_of(cdf: Int64Array, integer: int) -> int:
    """The byte that has this integer."""
    byte = 0
    for step in (128, 64, 32, 16, 8, 4, 2, 1):
        if cdf[byte + step] <= integer:
            byte += step
    return byte


@numba.njit(cache=True, nogil=True)
def _byte_at(data: ByteArray, place: int, stop: int) -> int:
    return data[place] if place < stop else 0


@numba.njit(cache=True, nogil=True)
def _is_shortest(state: Int64Array, data: ByteArray, stop: int) -> bool:
    """Whether encoding would have closed with this very number, and nothing follows it but a byte 0 that fills up."""
    register = 0
    for place in range(state[READ] - AHEAD, state[READ]):
        register = register << 8 | _byte_at(data, place, stop)
    low = (register - state[OFFSET]) & (FULL - 1)
    number = _shortest(low, state[SPAN])
    end = state[READ] - AHEAD + (1 if number % FULL else 0)
    is_shortest: bool = number == low + state[OFFSET] and (stop <= end or (stop == end + 1 and data[end] == 0))
    return is_shortest
