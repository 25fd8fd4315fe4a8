"""Windows of tokens: texts cut so that a model scores every token once, and batches of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Window:
    """Some consecutive tokens of text number `row`; those from position `first` on are scored."""

    row: int
    tokens: Sequence[int]
    first: int


def cut(row: int, tokens: Sequence[int], context: int, stride: int) -> Iterator[Window]:
    """The windows of a text; each token but the first is scored in exactly one of them."""
    scored = 1
    for start in range(0, max(len(tokens) - context + stride, 1), stride):
        window = tokens[start : start + context]
        if len(window) > scored - start:
            yield Window(row, window, scored - start)
        scored = start + len(window)


def padded(windows: Sequence[Window]) -> "torch.Tensor":
    """(windows, T) the tokens of the windows, zeros to the right of those that are shorter than the longest."""
    import torch

    ids_BT = torch.zeros(len(windows), max(len(window.tokens) for window in windows), dtype=torch.long)
    for row, window in enumerate(windows):
        ids_BT[row, : len(window.tokens)] = torch.tensor(window.tokens)
    return ids_BT


def batches(windows: Sequence[Window], batch_tokens: int) -> Iterator[list[int]]:
    """Numbers of windows, longest first, in groups of at most `batch_tokens` with padding, or of one window.

    Of equally long windows those come first that are scored from the start.
    """
    order = sorted(range(len(windows)), key=lambda number: (-len(windows[number].tokens), windows[number].first))
    start = 0
    while start < len(order):
        size = max(batch_tokens // len(windows[order[start]].tokens), 1)
        yield order[start : start + size]
        start += size
