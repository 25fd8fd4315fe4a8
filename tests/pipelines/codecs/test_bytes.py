"""The codec of bytes, and the same numbers from its exported tokenizer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.codecs.bytes import Bytes
from pipelines.codecs.tokenizer.byte_level import byte_characters


@given(st.text())
def test_tokens_are_the_utf8_bytes(text: str) -> None:
    assert Bytes().open({}).encode([text])[0].tolist() == list(text.encode())


def test_it_has_257_tokens_and_the_last_one_ends() -> None:
    coder = Bytes().open({})
    assert (coder.vocab_size, coder.end) == (257, 256)


def test_a_cut_character_is_shown_as_such_and_the_end_is_no_text() -> None:
    coder = Bytes().open({})
    assert coder.decode(list("é".encode()[:1])) == "\ufffd"
    with pytest.raises(ValueError, match="end token"):
        coder.decode([65, 256])


def test_it_takes_no_files() -> None:
    with pytest.raises(ValueError, match=r"tokenizer\.json"):
        Bytes().open({"tokenizer.json": b"{}"})


def test_the_byte_characters_are_those_of_the_tokenizers_library() -> None:
    from tokenizers import pre_tokenizers

    assert sorted(byte_characters()) == sorted(pre_tokenizers.ByteLevel.alphabet())


def test_the_exported_tokenizer_gives_the_same_numbers(assert_exported_agrees: Any) -> None:
    texts = ["plain", "é 漢 \U0001f600\x00\n\n  x", "quotes <|end|> itself", "Ā\u00ad"]
    assert_exported_agrees(Bytes(), {}, texts)
