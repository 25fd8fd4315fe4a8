"""The trie that grows while it encodes against the coder that asks the model for every byte."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.byte_model import NextByte
from pipelines.contracts import FloatArray
from pipelines.entropy.equal_windows import Rule
from pipelines.entropy.growing_trie import GrowingTrie
from pipelines.entropy.stepwise_windows import StepwiseWindows

MODELS = pytest.mark.parametrize("model", ["learned", "mindful"])
SHAPES = pytest.mark.parametrize(
    ("bits", "rule"), [(b, rule) for b in (16, 24, 32, 64) for rule in ("greedy", "delay")]
)
texts = st.binary(max_size=20) | st.text("The cat rains. ", max_size=40).map(str.encode)


class Asked(NextByte):
    """Another model, and what it was asked."""

    def __init__(self, model: NextByte) -> None:
        self._model = model
        self.calls: list[list[bytes]] = []

    def predict(self, contexts: Sequence[bytes]) -> FloatArray:
        """As the other model."""
        self.calls.append(list(contexts))
        return self._model.predict(contexts)


@MODELS
@SHAPES
def test_fixed_texts_are_encoded_as_step_by_step(model, bits: int, rule: Rule, samples, request) -> None:
    model = request.getfixturevalue(model)
    expected = StepwiseWindows(model, bits, rule, "window", 9).encode(samples)
    trie = GrowingTrie(model, bits, rule, 64)
    assert trie.encode(samples) == expected
    assert trie.encode(samples[::-1]) == expected[::-1]


@SHAPES
@given(batch=st.lists(texts, max_size=5))
@settings(max_examples=15)
def test_any_texts_are_encoded_as_step_by_step(mindful, bits: int, rule: Rule, batch: list[bytes]) -> None:
    trie = GrowingTrie(mindful, bits, rule, 3, most_edges=500)
    assert trie.encode(batch) == StepwiseWindows(mindful, bits, rule, "window", 9).encode(batch)


@pytest.mark.parametrize("rows", [1, 2, 100])
@pytest.mark.parametrize("most_edges", [300, 3000, 1 << 13])
def test_neither_rows_nor_memory_change_anything(mindful, samples, rows: int, most_edges: int) -> None:
    trie = GrowingTrie(mindful, 32, "delay", rows, most_edges)
    expected = StepwiseWindows(mindful, 32, "delay", "window", 9).encode(samples)
    assert [trie.encode(samples), trie.encode(samples)] == [expected, expected]


def test_the_model_is_asked_once_for_each_string(mindful, samples) -> None:
    model = Asked(mindful)
    trie = GrowingTrie(model, 24, "delay", 100)
    trie.encode(samples)
    asked = [context for call in model.calls for context in call]
    assert len(asked) == len(set(asked))
    trie.encode(samples[::-1] * 3)
    assert sum(map(len, model.calls)) == len(asked)


def test_texts_ask_together(mindful, samples) -> None:
    model = Asked(mindful)
    GrowingTrie(model, 24, "delay", 100).encode(samples[:4])
    together = len(model.calls)
    for text in samples[:4]:
        GrowingTrie(model, 24, "delay", 100).encode([text])
    assert together < (len(model.calls) - together) / 2


def test_a_full_trie_forgets(mindful, samples) -> None:
    model = Asked(mindful)
    trie = GrowingTrie(model, 24, "delay", 1, most_edges=300)
    trie.encode(samples)
    asked = [context for call in model.calls for context in call]
    assert len(asked) > len(set(asked))
    assert b"" in [context for call in model.calls[1:] for context in call]
