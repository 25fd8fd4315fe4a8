"""Bytes to tokens of 8 or 16 bits and back; 16 bits are read with the high byte first."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pipelines.contracts.codec import Tokens
from pipelines.contracts.mistakes import Mistake

Vocab = Literal[256, 65536]
TYPES: dict[int, np.dtype[Any]] = {256: np.dtype(">u1"), 65536: np.dtype(">u2")}


def to_tokens(stream: bytes, vocab: Vocab) -> npt.NDArray[np.uint32]:
    """The stream cut into numbers below `vocab`; an odd byte at the end is filled up with a zero byte."""
    return np.frombuffer(stream + bytes(-len(stream) % TYPES[vocab].itemsize), TYPES[vocab]).astype(np.uint32)


def from_tokens(tokens: Tokens, vocab: Vocab) -> bytes:
    """The stream of these tokens; Mistake on a number that is not below `vocab`."""
    numbers = np.asarray(tokens, np.int64)
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < vocab:
        raise Mistake(f"decode takes tokens 0 to {vocab - 1}; cut the documents apart at the end token first")
    return numbers.astype(TYPES[vocab]).tobytes()


def whole_windows(tokens: Tokens, vocab: Vocab, bits: int) -> bytes:
    """The stream of these tokens, without what `to_tokens` filled up; Mistake where it is no whole windows.

    Tokens of 16 bits have an even number of bytes, so with windows of 24 bits the rest by 3 tells: 0 for an even number
    of windows, 1 for an odd one and the zero byte behind them, 2 where one was cut. Other windows fill their tokens.
    """
    stream = from_tokens(tokens, vocab)
    whole = len(stream) - len(stream) % (bits // 8)
    rest = stream[whole:]
    if len(rest) >= TYPES[vocab].itemsize or any(rest):
        raise Mistake(f"{len(tokens)} tokens are no whole windows of {bits} bits; the last window was cut in half")
    return stream[:whole]
