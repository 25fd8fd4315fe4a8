"""Bounds on characters, words, and characters a word."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.filters.length import Length
from pipelines.texts.arrays import bytes_and_offsets
from pipelines.texts.words import count_words

OFF = dict.fromkeys(name for name in Length.model_fields if name != "kind")


spaces = " \t\n\x0b\x1c\x1f\x85\u00a0\u1680\u2007\u200b\u2028\u202f\u205f\u3000"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(), st.text(spaces + "aé日👍")), max_size=6))
def test_words_are_those_of_str_split(rows: list[str]) -> None:
    counts = count_words(*bytes_and_offsets(pa.array(rows, pa.string())))
    assert counts.tolist() == [[len(text.split()), len("".join(text.split()))] for text in rows]


@pytest.mark.parametrize(
    ("bound", "kept", "dropped", "reason"),
    [
        ({"min_characters": 4}, "日本語だ", "日本語", "too_short"),
        ({"max_characters": 3}, "a b", "a bc", "too_long"),
        ({"min_words": 2}, "one two", " one ", "too_few_words"),
        ({"max_words": 2}, "one two", "one two three", "too_many_words"),
        ({"min_mean_word_length": 2.0}, "a bcd", "a bc", "short_words"),
        ({"max_mean_word_length": 2.0}, "a bcd", "a bcde", "long_words"),
    ],
)
def test_bound(bound: dict[str, float], kept: str, dropped: str, reason: str) -> None:
    judge = Length.model_validate(OFF | bound).open()
    assert judge(pa.array([kept, dropped])).to_pylist() == [None, reason]


def test_a_text_without_words_has_no_mean_word_length() -> None:
    judge = Length.model_validate(OFF | {"min_mean_word_length": 3.0}).open()
    assert judge(pa.array(["", "   "])).to_pylist() == [None, None]
