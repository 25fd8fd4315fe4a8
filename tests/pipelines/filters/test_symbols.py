"""Counts of characters, words and lines against Python's own view of Unicode."""

import re
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.filters.symbols import Symbols
from pipelines.texts import characters as c
from pipelines.texts.arrays import bytes_and_offsets
from pipelines.texts.classes import BULLETS, PLANES, PROSE_MARKS, SPACED_BULLETS, character_classes

OFF = dict.fromkeys(name for name in Symbols.model_fields if name != "kind")


def slow_census(text: str) -> dict[int, int]:
    words = text.split()
    lines = [line.split() for line in text.split("\n") if line.split()]
    kinds = [(unicodedata.category(character), character) for character in "".join(words)]
    letters = [character for kind, character in kinds if kind[0] in "LM" or ord(character) >= PLANES]
    digits = [character for kind, character in kinds if kind[0] == "N" and ord(character) < PLANES]
    plain = len(letters) + len(digits) + sum(character in PROSE_MARKS for _, character in kinds)
    return {
        c.CHARACTERS: len(kinds),
        c.LETTERS: len(letters),
        c.CAPITALS: sum(kind == "Lu" for kind, _ in kinds),
        c.DIGITS: len(digits),
        c.SYMBOLS: len(kinds) - plain,
        c.HASHES: text.count("#"),
        c.ELLIPSES: text.count("…") + len(re.findall(r"\.{3,}", text)),
        c.WORDS: len(words),
        c.LETTER_WORDS: sum(any(character in letters for character in word) for word in words),
        c.LINES: len(lines),
        c.BULLET_LINES: sum(line[0][0] in BULLETS or line[0] in SPACED_BULLETS for line in lines),
        c.ELLIPSIS_LINES: sum(line[-1].endswith(("...", "…")) for line in lines),
    }


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(), st.text("aA1 .#…-•_\n\u00a0éÉ٣👍", max_size=60)), max_size=6))
def test_census_agrees_with_python(rows: list[str]) -> None:
    counts = c.census(*bytes_and_offsets(pa.array(rows, pa.string())), character_classes())
    assert [dict(enumerate(row)) for row in counts.tolist()] == [slow_census(text) for text in rows]


def test_broken_utf8_is_counted_not_raised() -> None:
    data = np.frombuffer(b"\xff\xc3 \xe2\x82 \xf0\x9f\xf8\xf8\xf8\xf8", np.uint8)
    data.flags.writeable = False
    counts = c.census(data, np.array([0, len(data)]), character_classes())
    assert counts[0, c.WORDS] == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("| --- | 12 | + | word", "few_letter_words"),
        ("f(x)=={[<$y$>]} =>~z @k^2 a|b", "symbols"),
        ("page p12345678 of q87654321 copies", "digits"),
        ("THIS IS ALL VERY LOUD, my friend", "capitals"),
        ("see #one and #two then", "hashes"),
        ("well... yes... no... maybe so", "ellipses"),
        ("* milk and bread\n- eggs from the neighbour\n•a cup of tea", "bullet_lines"),
        (
            "a story that goes on for long and is cut off here...\nand one that is cut off as well, and again…",
            "ellipsis_lines",
        ),
        ("**bold** words\n-x is negative\n--flag is an option", None),
        ("A plain sentence (with brackets), isn't it?", None),
        ("", None),
    ],
)
def test_reason(text: str, reason: str | None) -> None:
    assert Symbols().open()(pa.array([text])).to_pylist() == [reason]


def test_none_turns_every_rule_off() -> None:
    rows = pa.array(["1 2 3 | # ...", "... … • #", "ABC DEF", "{}{}{}"])
    assert Symbols.model_validate(OFF).open()(rows).to_pylist() == [None] * 4


def test_a_share_on_the_limit_is_kept() -> None:
    rows = pa.array(["a b c d 1", "a b c 1 1"])
    assert Symbols.model_validate(OFF | {"letter_words": 0.8}).open()(rows).to_pylist() == [None, "few_letter_words"]
