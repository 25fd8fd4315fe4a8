"""The compiled merges against the library's, where their order matters."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipelines.codecs.bpe import train_tokenizer
from pipelines.codecs.tokenizer.merges import LONGEST_WORD, Merges, encoded
from pipelines.codecs.tokenizer.words import word_classes
from pipelines.texts.arrays import utf8

LETTERS = ["".join(letters) for length in range(1, 7) for letters in itertools.product("abc", repeat=length)]


@pytest.fixture(scope="module", params=[257, 258, 300, 1000])
def content(request: pytest.FixtureRequest) -> bytes:
    return train_tokenizer(LETTERS, request.param)


def tokens_of(content: bytes, texts: list[str]) -> list[list[int] | None]:
    tokens, ends, left_over = encoded(*utf8(pa.array(texts, pa.large_string())), Merges.of(content), word_classes())
    return [None if left else part.tolist() for part, left in zip(np.split(tokens, ends[1:-1]), left_over, strict=True)]


@given(texts=st.lists(st.text("abcd", max_size=40), min_size=1))
def test_merges_are_done_in_the_order_of_the_library(content: bytes, texts: list[str]) -> None:
    tokenizer = Tokenizer.from_buffer(content)
    assert tokens_of(content, texts) == [tokenizer.encode(text).ids for text in texts]


def test_long_words_and_unknown_characters_are_left_to_the_library(content: bytes) -> None:
    texts = ["a b", "a" * LONGEST_WORD, "b a" + "a" * LONGEST_WORD, "a \u0378", ""]
    assert [tokens is None for tokens in tokens_of(content, texts)] == [False, False, True, True, False]
