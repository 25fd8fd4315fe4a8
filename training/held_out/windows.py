"""Windows: documents of any length cut so that every token is predicted once, with as much context as fits.

Legend of shapes: B windows in a batch, T tokens of its longest window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.contracts.rows import BoolArray
from training.contracts import IntArray, Tokens


@dataclass(frozen=True)
class Window:
    """A piece of a document: its tokens, of which those before `first_scored` are context only."""

    document: int
    tokens: IntArray
    first_scored: int


@dataclass(frozen=True)
class WindowBatch:
    """Windows padded to one length: tokens_BT, scored_BT, and the (B,) documents that they belong to."""

    tokens_BT: IntArray
    scored_BT: BoolArray
    documents: IntArray


def windows(document: int, tokens: Tokens, end: int, length: int) -> list[Window]:
    """The windows of one document, none longer than `length`.

    The document is read as in training, where documents follow one another: after the `end` of the one before it,
    and its own `end` is predicted too. All windows but the first overlap the one before by half.
    """
    return _overlapping(document, np.concatenate([[end], tokens, [end]]).astype(np.int64), length)


def continuation_windows(
    document: int, context: Tokens, continuation: Tokens, end: int, length: int, together: int = 1
) -> list[Window]:
    """The windows, none longer than `length`, in which each token of a continuation is predicted once.

    It is read behind an `end` and its context, of which the beginning goes where there is no room: whole groups of
    `together` tokens, the `end` stays. A continuation that fills a window alone is read without its context, in windows
    that overlap by half. Its own end is not predicted.
    """
    room = length - 1 - len(continuation)
    if room < 0:
        return _overlapping(document, np.concatenate([[end], continuation]).astype(np.int64), length)
    missing = max(0, len(context) - room)
    seen = context[-(-missing // together) * together :]
    whole = np.concatenate([[end], seen, continuation]).astype(np.int64)
    return [Window(document, whole, 1 + len(seen))] if len(continuation) else []


def _overlapping(document: int, whole: IntArray, length: int) -> list[Window]:
    """The windows of all tokens but the first."""
    cut, scored = [], 1
    while scored < len(whole):
        start = window_start(scored, length)
        stop = min(start + length, len(whole))
        cut.append(Window(document, whole[start:stop], scored - start))
        scored = stop
    return cut


def window_start(place: int, length: int) -> int:
    """Where the window begins in which the token at `place` is predicted: it sees half a window at least, if any."""
    step = length - length // 2
    return max(0, place - length // 2) // step * step


def window_batches(documents: Sequence[Tokens], end: int, length: int, batch_tokens: int) -> list[WindowBatch]:
    """All windows of the documents in batches of like lengths, at most `batch_tokens` with padding, longest first."""
    cut = [window for number, tokens in enumerate(documents) for window in windows(number, tokens, end, length)]
    return list(padded_batches(cut, end, batch_tokens))


def padded_batches(cut: Sequence[Window], end: int, batch_tokens: int) -> Iterator[WindowBatch]:
    """The windows in batches of like lengths, filled up with `end`: at most `batch_tokens` each, longest first."""
    cut, first = sorted(cut, key=lambda window: -len(window.tokens)), 0
    while first < len(cut):
        rows = max(1, batch_tokens // len(cut[first].tokens))
        yield _pad(cut[first : first + rows], end)
        first += rows


def _pad(cut: list[Window], end: int) -> WindowBatch:
    tokens_BT = np.full((len(cut), len(cut[0].tokens)), end, dtype=np.int64)
    scored_BT = np.zeros(tokens_BT.shape, dtype=np.bool_)
    for row, window in enumerate(cut):
        tokens_BT[row, : len(window.tokens)] = window.tokens
        scored_BT[row, window.first_scored : len(window.tokens)] = True
    return WindowBatch(tokens_BT, scored_BT, np.array([window.document for window in cut], dtype=np.int64))
