"""Unigram pieces: what they are, the quick way of encoding, and the exported tokenizer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipelines.codecs.sentencepiece import Sentencepiece, train_tokenizer
from pipelines.codecs.tokenizer.byte_level import END_TEXT, TOKENIZER_FILE
from pipelines.contracts.codec import Coder

SENTENCES = [
    "The cat sat on the mat and looked at the small red bird; cats sit, mats lie, birds looked smaller.",
    "When it rains, the children stay inside and read books; the child stays, the book is read, it rained.",
    "Zażółć gęślą jaźń. 漢字とかな。 It cost 1999 dollars\t\tin 2024 <|end|> and <|end|>, (<|end|>).",
]


@pytest.fixture(scope="module")
def content() -> bytes:
    return train_tokenizer(SENTENCES * 5, 330)


@pytest.fixture(scope="module")
def coder(content: bytes) -> Coder:
    return Sentencepiece().open({TOKENIZER_FILE: content})


def test_pieces_are_learned_and_stay_inside_words(coder: Coder) -> None:
    pieces = [coder.decode([token]) for token in range(coder.end)]
    assert coder.end == coder.vocab_size - 1
    assert any(len(piece) > 2 for piece in pieces)
    assert all(" " not in piece[1:] for piece in pieces)


@given(text=st.text(max_size=60) | st.text("The cat<|end>\n", max_size=60))
def test_mapping_bytes_first_gives_what_the_tokenizer_gives(coder: Coder, content: bytes, text: str) -> None:
    slow = Tokenizer.from_buffer(content)
    slow.encode_special_tokens = True
    assert coder.encode([text])[0].tolist() == slow.encode(text, add_special_tokens=False).ids


def test_a_quoted_end_token_is_text(coder: Coder) -> None:
    tokens = coder.encode([f"it writes {END_TEXT} at the end{END_TEXT}"])[0]
    assert coder.end not in tokens
    assert coder.decode(tokens) == f"it writes {END_TEXT} at the end{END_TEXT}"


def test_training_is_repeatable(content: bytes) -> None:
    assert {train_tokenizer(SENTENCES * 5, 330) for _ in range(5)} == {content}


def test_too_small_a_vocabulary_or_missing_files_fail() -> None:
    with pytest.raises(ValueError, match="257"):
        Sentencepiece(vocab=256)
    with pytest.raises(ValueError, match=r"needs tokenizer\.json, given \['other'\]"):
        Sentencepiece().open({"other": b""})


def test_the_exported_tokenizer_gives_the_same_tokens(assert_exported_agrees: Any, content: bytes) -> None:
    texts = [*SENTENCES, "quotes <|end|> itself", "  \x00é\n\n x"]
    assert_exported_agrees(Sentencepiece(), {TOKENIZER_FILE: content}, texts)
