"""The counting byte model against the formula, written as a recursion over dictionaries."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.codecs.byte_models.order_k import MOST_ORDER, OrderK, count

texts = st.lists(st.binary(max_size=30) | st.text("ab", max_size=30).map(str.encode), max_size=4)


def slow(corpus: Sequence[bytes], order: int, context: bytes) -> list[float]:
    """(256,) the interpolated probabilities; order -1 is every byte alike."""
    if order < 0:
        return [1 / 256] * 256
    shorter = slow(corpus, order - 1, context)
    if len(context) < order:
        return shorter
    tail = context[len(context) - order :]
    seen = Counter(text[end] for text in corpus for end in range(order, len(text)) if text[end - order : end] == tail)
    if not seen:
        return shorter
    return [(seen[byte] + len(seen) * shorter[byte]) / (seen.total() + len(seen)) for byte in range(256)]


@given(corpus=texts, order=st.integers(1, 4), contexts=st.lists(st.binary(max_size=6) | st.text("ab").map(str.encode)))
@settings(deadline=None, max_examples=50)
def test_the_counts_are_those_of_the_formula(corpus: list[bytes], order: int, contexts: list[bytes]) -> None:
    contexts = [*contexts, *(text[:3] for text in corpus)]
    predicted = OrderK(order=order).open(count(corpus, order)).predict(contexts)
    for context, row in zip(contexts, predicted, strict=True):
        np.testing.assert_allclose(row, slow(corpus, order, context), rtol=1e-12)


def test_the_longest_contexts_fit_in_a_number() -> None:
    corpus = [bytes(range(255, 200, -1))]
    row = OrderK(order=MOST_ORDER).open(count(corpus, MOST_ORDER)).predict([corpus[0][:MOST_ORDER]])[0]
    np.testing.assert_allclose(row, slow(corpus, MOST_ORDER, corpus[0][:MOST_ORDER]))
    with pytest.raises(ValueError, match="order"):
        OrderK(order=MOST_ORDER + 1)


def test_counts_of_another_order_are_refused() -> None:
    with pytest.raises(ValueError, match="these counts have order 2, the model 3"):
        OrderK(order=3).open(count([b"text"], 2))
