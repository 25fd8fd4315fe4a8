"""Bounds on characters, words, and characters a word."""

import pyarrow as pa
import pytest

from pipelines.filters.length import Length

OFF = dict.fromkeys(name for name in Length.model_fields if name != "kind")


@pytest.mark.parametrize(
    ("bound", "kept", "dropped", "reason"),
    [
        ({"min_characters": 4}, "日本語だ", "日本語", "too_short"),
        ({"max_characters": 3}, "a b", "a bc", "too_long"),
        ({"min_words": 2}, "one two", " one ", "too_few_words"),
        ({"min_words": 4}, "今日は晴", "今日は", "too_few_words"),
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


def test_letters_that_are_words_have_no_part_in_the_mean_word_length() -> None:
    judge = Length.model_validate(OFF | {"min_mean_word_length": 3.0, "max_mean_word_length": 6.0}).open()
    texts = ["今天天气很好，我们一起去公园散步。", "我们用Python写程序", "我们用R写", "ไปเที่ยว"]
    assert judge(pa.array(texts)).to_pylist() == [None, None, "short_words", None]
