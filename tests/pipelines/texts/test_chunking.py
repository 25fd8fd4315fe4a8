import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.texts.chunking import chunks, estimated_tokens

PROSE = st.text(alphabet=st.sampled_from("aB .!?\n\t\"é語😀。'"), max_size=300)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=300), PROSE), st.integers(1, 40))
def test_nothing_is_lost_and_no_chunk_is_blank_or_too_big(text: str, most_tokens: int) -> None:
    cut = chunks(text, most_tokens)

    assert "".join(cut) == (text if text.strip() else "")
    assert all(chunk.strip() for chunk in cut)
    assert all(estimated_tokens(chunk) <= most_tokens for chunk in cut)


@given(PROSE)
def test_without_a_limit_the_text_stays_whole(text: str) -> None:
    assert chunks(text, None) == ([text] if text.strip() else [])


def test_chunks_hold_whole_sentences_in_about_equal_parts() -> None:
    text = " ".join(f"This is the sentence number {number} of all." for number in range(80))

    cut = chunks(text, 300)

    assert len(cut) == 3
    assert all(chunk.rstrip().endswith("of all.") for chunk in cut)
    assert max(map(len, cut)) < 1.2 * min(map(len, cut))


def test_a_long_sentence_is_cut_between_words_and_a_long_word_between_characters() -> None:
    words = "word " * 100
    letters = "x" * 100

    assert all(chunk.startswith("word") and chunk.endswith("word ") for chunk in chunks(words, 10))
    assert "".join(chunks(letters, 10)) == letters


@pytest.mark.parametrize(
    "text",
    [" " * 200_000, "a" + " " * 200_000 + "b", "." * 200_000, "." * 200_000 + "a", "\n" * 200_000, "。" * 70_000],
)
def test_odd_texts_take_no_longer_than_others(text: str) -> None:
    chunks("compiled.", 300)
    start = time.process_time()

    chunks(text, 300)

    assert time.process_time() - start < 2.0
