"""Held-out text: samples are of whole documents with text, and tokens are those of the codec."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.rows import TEXT_BYTES, TOKENS
from training.held_out.text import HeldOutText


def held_out(texts: list[str]) -> HeldOutText:
    ids = [f"id-{number}" for number in range(len(texts))]
    tokens = pa.array([list(text.encode()) for text in texts], pa.large_list(pa.uint16()))
    sizes = [len(text.encode()) for text in texts]
    rows = {"id": ids, "genre": [""] * len(texts), "text": texts, TEXT_BYTES: sizes, TOKENS: tokens}
    return HeldOutText(pa.table(rows))


def test_a_sample_is_of_whole_documents_that_begin_before_its_end() -> None:
    text = held_out(["one", "", "two", "three"])
    whole = text.sample(1 << 30, "any")
    assert sorted(whole.texts) == ["one", "three", "two"]
    first = whole.texts[0]
    assert text.sample(1, "any").texts == [first]
    assert text.sample(len(first), "any").texts == [first]
    assert text.sample(len(first) + 1, "any").texts == whole.texts[:2]


def test_samples_for_different_purposes_are_shuffled_differently() -> None:
    text = held_out([str(number) for number in range(50)])
    orders = [text.sample(1 << 30, purpose).texts for purpose in ("curve", "study", "curve")]
    assert orders[0] == orders[2] != orders[1]


def test_the_tokens_of_a_sample_are_those_of_its_texts() -> None:
    sample = held_out(["ab", "", "é", "xyz"]).sample(1 << 30, "any")
    assert [bytes(tokens.tolist()).decode() for tokens in sample.tokens] == sample.texts
    assert sample.text_bytes.tolist() == [len(text.encode()) for text in sample.texts]
    assert all(tokens.dtype == np.uint32 for tokens in sample.tokens)


def test_text_that_is_all_empty_cannot_be_sampled() -> None:
    with pytest.raises(ValueError, match="no held-out document has any text"):
        held_out(["", ""]).sample(100, "any")
