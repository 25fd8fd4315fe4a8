"""A byte model learned from a few sentences."""

import pytest

from pipelines.byte_model import NextByteFn
from pipelines.byte_models.order_k import OrderK, count

TEXTS = [
    b"The cat sat on the mat and looked at the small red bird. It rained, and the bird sang in the rain.",
    b"When it rains, the children stay inside and read the books; they say that the books are small.",
    "Zażółć gęślą jaźń. It cost 1999 dollars in 2024.".encode(),
]


@pytest.fixture(scope="session")
def predict() -> NextByteFn:
    return OrderK(order=3).open(count(TEXTS, 3)).predict


@pytest.fixture(scope="session")
def samples() -> list[bytes]:
    """What to encode: known text, new text, and bytes that are no text."""
    return [*TEXTS, b"The rats ate the bat at 1999!", b"", b"a", bytes(range(256)), b"\xff\xfe" * 9, b"e" * 300]
