"""The trie that grows while it encodes against the coder that asks the model for every byte."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.codecs.entropy.context_reader import ContextModel
from pipelines.codecs.entropy.equal_windows import Rule
from pipelines.codecs.entropy.growing_trie import GrowingTrie
from pipelines.codecs.entropy.stepwise_windows import StepwiseWindows
from pipelines.contracts.byte_model import NextByte, Reader

MODELS = pytest.mark.parametrize("model", ["learned", "mindful"])
SHAPES = pytest.mark.parametrize(
    ("bits", "rule"), [(b, rule) for b in (16, 24, 32, 64) for rule in ("greedy", "delay")]
)
texts = st.binary(max_size=20) | st.text("The cat rains. ", max_size=40).map(str.encode)


class Asked(ContextModel):
    """Another model, and how many bytes it read."""

    def __init__(self, model: NextByte) -> None:
        self.predict = model.predict  # type: ignore[method-assign]
        self.read_bytes = 0

    def reader(self, rows: int) -> Reader:
        """Counts the bytes, BEGIN as well."""
        reader = super().reader(rows)
        step = reader.step

        def counted(letters: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
            self.read_bytes += len(letters)
            return step(letters)

        reader.step = counted  # type: ignore[method-assign]
        return reader


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


def test_strings_that_are_known_ask_nothing(mindful, samples) -> None:
    model = Asked(mindful)
    trie = GrowingTrie(model, 24, "delay", 100)
    trie.encode(samples)
    asked = model.read_bytes
    assert trie.encode(samples[::-1] * 3) == trie.encode(samples)[::-1] * 3
    assert model.read_bytes == asked > 0


def test_a_full_trie_forgets(mindful, samples) -> None:
    model = Asked(mindful)
    trie = GrowingTrie(model, 24, "delay", 1, most_edges=300)
    trie.encode(samples)
    asked = model.read_bytes
    trie.encode(samples)
    assert model.read_bytes > asked


@SHAPES
def test_no_text_asks_more_than_byte_by_byte(mindful, samples, bits: int, rule: Rule) -> None:
    for text in samples:
        growing, stepwise = Asked(mindful), Asked(mindful)
        GrowingTrie(growing, bits, rule, 1).encode([text])
        StepwiseWindows(stepwise, bits, rule, "window", 1).encode([text])
        assert growing.read_bytes <= stepwise.read_bytes
