"""Check `repetition`: how much more a rewrite says again and again than its original does."""

from typing import TYPE_CHECKING

import numpy as np

from pipelines.texts.mixing import GOLDEN

if TYPE_CHECKING:
    from pipelines.texts.hashing import HashArray

WINDOW = 32  # bytes: longer than common phrases


def repetition(original: str, rewrite: str) -> float:
    """By how much more of the rewrite's windows stood before in it than of the original's; 0 where none does.

    A window is WINDOW bytes of the text with single spaces for all white space, less where the text is no two windows
    long. A model that is caught in a loop repeats itself by a half and more; a song or a table may be one in both.
    """
    return max(0.0, _repeated(rewrite) - _repeated(original))


def _repeated(text: str) -> float:
    """The share of a text's windows that stood before in it."""
    windows = np.sort(_windows(" ".join(text.split()).encode()))  # seven times as quick as numpy's unique
    return np.count_nonzero(windows[1:] == windows[:-1]) / max(1, len(windows))


def _windows(flat: bytes) -> "HashArray":
    """A hash of each window: those of twice the width come from two halves, up to WINDOW or half of the text."""
    hashes, width = np.frombuffer(flat, np.uint8).astype(np.uint64), 1
    while 2 * width <= min(WINDOW, len(flat) // 2):
        hashes = hashes[:-width] * np.uint64(pow(int(GOLDEN), width, 1 << 64)) + hashes[width:]
        width *= 2
    return hashes
