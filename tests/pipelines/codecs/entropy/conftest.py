"""Byte models: one that learned from a few sentences, one that forgets nothing."""

import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from pipelines.codecs.byte_models.order_k import OrderK, count
from pipelines.codecs.entropy.context_reader import ContextModel
from pipelines.codecs.entropy.equal_windows import Rule, equal_windows
from pipelines.codecs.entropy.walker import Walker
from pipelines.contracts.byte_model import NextByte, NextByteFn
from pipelines.contracts.rows import FloatArray

RULES: list[Rule] = ["greedy", "delay"]
TEXTS = [
    b"The cat sat on the mat and looked at the small red bird. It rained, and the bird sang in the rain.",
    b"When it rains, the children stay inside and read the books; they say that the books are small.",
    "Zażółć gęślą jaźń. It cost 1999 dollars in 2024.".encode(),
]


@pytest.fixture(scope="session")
def predict(learned: NextByte) -> NextByteFn:
    return learned.predict


class Mindful(ContextModel):
    """Finds the bytes of the sentences likely; how likely hangs on every byte of the context, however long ago."""

    def __init__(self) -> None:
        self._counts = np.bincount(np.frombuffer(b"".join(TEXTS), np.uint8), minlength=256) + 0.01
        self._known: dict[bytes, FloatArray] = {}

    def predict(self, contexts: Sequence[bytes]) -> FloatArray:
        """The counts, each times a number that is drawn anew for every context."""
        for context in {*contexts} - {*self._known}:
            drawn = np.random.default_rng(zlib.crc32(context)).normal(0, 2, 256)
            weights = self._counts * np.exp(drawn)
            self._known[context] = weights / weights.sum()
        return np.stack([self._known[context] for context in contexts])


@pytest.fixture(scope="session")
def mindful() -> NextByte:
    return Mindful()


@pytest.fixture(scope="session")
def learned() -> NextByte:
    return OrderK(order=3).open(count(TEXTS, 3))


@pytest.fixture(scope="session")
def walkers(predict: NextByteFn) -> dict[str, Walker]:
    """The codebooks of 16 bits under both rules."""
    return {rule: Walker(equal_windows(predict, 16, rule)) for rule in RULES}


@pytest.fixture(scope="session")
def samples() -> list[bytes]:
    """What to encode: known text, new text, and bytes that are no text."""
    odd = [b"", b"a", bytes(range(256)), b"\xff\xfe" * 9, b"e" * 300, bytes(30), b"\0cat\0\0sat"]
    return [*TEXTS, b"The rats ate the bat at 1999!", *odd]
