"""Byte-pair encoding: the sample it learns from, the quick way of encoding, and the exported tokenizer."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipelines.codecs.bpe import Bpe, train_tokenizer
from pipelines.codecs.tokenizer.byte_level import TOKENIZER_FILE
from pipelines.contracts.codec import Coder

SENTENCES = [
    "The cat sat on the mat and looked at the small red bird.",
    "When it rains, the children stay inside and read books; it's true, they'll say.",
    "def add(first, second):\n    return first + second\n\n\n",
    "Zażółć gęślą jaźń. 漢字とかな。 It cost 1999 dollars\t\tin 2024.",
]
PIECES = [
    "a",
    "b",
    " ",
    "  ",
    "\n",
    "\t",
    "\u00a0",
    "\u3000",
    "é",
    "1",
    "'s",
    "'ll",
    "<|end|>",
    "!",
    "\x1c",
    "\x85",
    "\r\n",
]
texts_of_pieces = st.lists(st.one_of(st.text(max_size=20), st.lists(st.sampled_from(PIECES)).map("".join)), max_size=8)


@pytest.fixture(scope="module")
def content() -> bytes:
    return train_tokenizer(SENTENCES * 5, 400)


@pytest.fixture(scope="module")
def coder(content: bytes) -> Coder:
    return Bpe().open({TOKENIZER_FILE: content})


@pytest.fixture(scope="module")
def slow(content: bytes) -> Tokenizer:
    """The tokenizer as the library runs it, each text as a whole."""
    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.encode_special_tokens = True
    return tokenizer


def test_the_corpus_decides_the_tokens(coder: Coder) -> None:
    assert coder.vocab_size == 400
    assert len(coder.encode([" the"])[0]) == 1
    assert len(coder.encode([" xqz"])[0]) > 1


@given(texts=texts_of_pieces)
def test_compiled_merges_give_what_the_whole_text_gives(coder: Coder, slow: Tokenizer, texts: list[str]) -> None:
    assert [tokens.tolist() for tokens in coder.encode(texts)] == [slow.encode(text).ids for text in texts]


def test_what_the_compiled_merges_leave_over_is_encoded_too(coder: Coder, slow: Tokenizer) -> None:
    texts = ["", "the " * 3, "e" * 5_000, "͸ the", "漢字" * 300, "", "the end"]
    assert [tokens.tolist() for tokens in coder.encode(texts)] == [slow.encode(text).ids for text in texts]
    assert coder.encode([]) == []


def test_a_quoted_end_token_is_text(coder: Coder) -> None:
    tokens = coder.encode(["it writes <|end|> at the end<|end|>"])[0]
    assert coder.end not in tokens
    assert coder.decode(tokens) == "it writes <|end|> at the end<|end|>"


def test_decode_refuses_what_is_no_text(coder: Coder) -> None:
    for token in (coder.end, coder.vocab_size, -1):
        with pytest.raises(ValueError, match="end token"):
            coder.decode([5, token])


def test_a_token_of_half_a_character_is_bytes(coder: Coder) -> None:
    tokens = coder.encode(["ψ"])[0]
    assert len(tokens) == 2
    assert coder.decode_bytes(tokens[:1]) == "ψ".encode()[:1]
    assert coder.decode(tokens[:1]) == "\ufffd"


def test_bytes_that_are_no_utf8_are_refused_with_their_place(coder: Coder) -> None:
    assert coder.encode([b"a cat"])[0].tolist() == coder.encode(["a cat"])[0].tolist()
    with pytest.raises(ValueError, match="byte 2 of a text is none"):
        coder.encode([b"a \xff"])


def test_training_is_repeatable(content: bytes) -> None:
    assert train_tokenizer(SENTENCES * 5, 400) == content


def test_a_long_word_is_learned_from_in_linear_time(content: bytes) -> None:
    started = time.process_time()
    tokenizer = Tokenizer.from_buffer(train_tokenizer(["a" * 100_000, *SENTENCES], 300))
    assert time.process_time() - started < 2  # 4.7 s where the word is learned from as a whole
    assert tokenizer.pre_tokenizer.pre_tokenize_str("a" * 300) == [("a" * 300, (0, 300))]


def test_too_small_a_vocabulary_or_missing_files_fail() -> None:
    with pytest.raises(ValueError, match="257"):
        Bpe(vocab=256)
    with pytest.raises(ValueError, match=r"needs tokenizer\.json, given \['other'\]"):
        Bpe().open({"other": b""})


def test_the_exported_tokenizer_gives_the_same_tokens(assert_exported_agrees: Any, content: bytes) -> None:
    texts = [*SENTENCES, "quotes <|end|> itself", "  \x00é\n\n x"]
    assert_exported_agrees(Bpe(), {TOKENIZER_FILE: content}, texts)
