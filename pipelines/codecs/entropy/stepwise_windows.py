"""Windows of any size, with the byte model asked for every byte that is read.

Where windows are too large to be compiled into a codebook, or the model reads on beyond a window's end, nothing is
left but to run model and coder together (arXiv 2404.03626, section 3.3). The intervals are exact, whatever their size.
"""

import sys
from collections.abc import Sequence
from typing import Literal

from pipelines.codecs.entropy.equal_windows import Rule, is_full
from pipelines.codecs.entropy.intervals import Interval, byte_at, narrowed, padded_code
from pipelines.codecs.entropy.readings import Reading, read_each
from pipelines.contracts.byte_model import BEGIN, NextByte
from pipelines.contracts.mistakes import Mistake

Reset = Literal["window", "every_other", "never"]
SEGMENT_WINDOWS: dict[Reset, int] = {"window": 1, "every_other": 2, "never": sys.maxsize}


class StepwiseWindows:
    """Texts to windows of `bits` bits, a multiple of 8, and back; `rows` of them ask the model together.

    A *segment* is what the model reads without being reset: one window, two, or all of them. Segments hold no more of
    each other than where they begin, so they are encoded one after the other and decoded all at once.
    """

    def __init__(self, model: NextByte, bits: int, rule: Rule, reset: Reset, rows: int) -> None:
        """`reset` tells how many windows make a segment."""
        self._model = model
        self._bits, self._rule, self._rows = bits, rule, rows
        self._segment_windows = SEGMENT_WINDOWS[reset]

    def encode(self, texts: Sequence[bytes]) -> list[bytes]:
        """Each text's windows, one behind the other."""
        streams = read_each(self._model, {text: self._encoding(text) for text in texts}, self._rows)
        return [streams[text] for text in texts]

    def decode(self, streams: Sequence[bytes]) -> list[bytes]:
        """The texts of whole windows; Mistake, with its number, on a window that no text has."""
        documents = [_cut(stream, self._segment_windows * self._bits // 8) for stream in streams]
        readings: dict[bytes, Reading[bytes]] = {}
        for segments in documents:
            for place, segment in enumerate(segments):
                readings.setdefault(segment, self._decoding(segment, place * self._segment_windows))
        texts = read_each(self._model, readings, self._rows)
        return [b"".join([texts[segment] for segment in segments]) for segments in documents]

    def _encoding(self, text: bytes) -> Reading[bytes]:
        """A reading of one text, which returns its windows as bytes.

        What the model said of a byte does not depend on where windows end. It is kept until a window of the segment
        holds the byte, and used again for bytes that did not fit, or that `delay` leaves to the next window.
        """
        codes: list[int] = []
        start = 0
        while start < len(text):
            if len(codes) % self._segment_windows == 0:
                begin, parts = start, list[tuple[int, int]]()  # of the bytes from `start` on, as far as they were read
            interval, fits = Interval(), list[int]()
            for place in range(start, len(text)):
                if place == start + len(parts):
                    cdf = yield text[place - 1] if place > begin else BEGIN
                    parts.append((int(cdf[text[place]]), int(cdf[text[place] + 1])))
                interval = narrowed(interval, *parts[place - start])
                code = padded_code(interval, self._bits)
                if code is None:
                    break
                fits.append(code)
                if is_full(interval, self._rule):
                    break
            taken = len(fits) if self._rule == "greedy" else fits.index(fits[-1]) + 1
            codes.append(fits[-1])
            start += taken
            del parts[:taken]
        return b"".join([code.to_bytes(self._bits // 8, "big") for code in codes])

    def _decoding(self, segment: bytes, first_window: int) -> Reading[bytes]:
        """A reading of one segment, which returns its text; its windows are counted from `first_window`.

        The strings whose interval holds a window's number begin with one another, so there is one way down. `delay`
        stops at the first that has the window's bits. `greedy` looks for the longest, and has then often read more:
        the model begins anew and reads the segment's text again, so a document that is never reset costs its length
        for each such window.
        """
        text, unread = bytearray(), [BEGIN]
        for number, window in enumerate(_cut(segment, self._bits // 8), first_window):
            wanted = int.from_bytes(window, "big")
            interval, end = Interval(), len(text)
            accepted = end
            while accepted == end or self._rule == "greedy":
                for letter in unread:
                    cdf = yield letter
                byte = byte_at(interval, cdf, wanted, self._bits)
                interval = narrowed(interval, int(cdf[byte]), int(cdf[byte + 1]))
                code = padded_code(interval, self._bits)
                unread = []
                if code is None:
                    break
                text.append(byte)
                unread = [byte]
                if code == wanted:
                    accepted = len(text)
            if accepted == end:
                raise Mistake(
                    f"window {number} is {wanted:#x}, which stands for no text; these tokens belong to another codec, "
                    "or were not made by one"
                )
            if accepted < len(text):
                del text[accepted:]
                unread = [BEGIN, *text]
        return bytes(text)


def _cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]
