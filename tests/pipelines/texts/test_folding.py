"""Folding against Python's own functions, and that every spelling of a text folds to one."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.texts.classes import INVISIBLE, character_classes
from pipelines.texts.folding import folded, lettered

SPACES = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000"
TEXTS = st.lists(st.one_of(st.text(), st.text(SPACES + "aBéÉ’—ﬁ½Σİ中か\u0301\u3099\u200b\u00ad")), max_size=6)


def slowly_lettered(text: str) -> str:
    seen = "".join(each for each in text if not character_classes()[ord(each)] & INVISIBLE)
    return unicodedata.normalize("NFKC", seen).lower()


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_folding_is_that_of_python(texts: list[str]) -> None:
    for kind in (pa.string(), pa.large_string()):
        array = pa.array(["before", *texts], kind).slice(1)
        assert lettered(array).to_pylist() == [slowly_lettered(text) for text in texts]
        assert lettered(array).type == kind
        assert folded(array).to_pylist() == [" ".join(slowly_lettered(text).split()) for text in texts]


@pytest.mark.parametrize("space", SPACES)
def test_every_white_space_is_one_blank(space: str) -> None:
    assert folded(pa.array([f"{space}A{space}{space} day{space}", space])).to_pylist() == ["a day", ""]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Café ÉTÉ", unicodedata.normalize("NFD", "CAFÉ été")),
        ("が", "か\u3099"),
        ("한국", unicodedata.normalize("NFD", "한국")),
        ("full", "ＦＵＬＬ"),
        ("fine", "ﬁne"),
        ("softly", "soft\u00adly\ufeff"),
        ("e\u200d\u0301", "é"),
        ("ΟΔΟΣ", "οδος"),
    ],
)
def test_spellings_of_one_text_fold_to_one(text: str, other: str) -> None:
    first, second = folded(pa.array([text, other])).to_pylist()
    assert first == second


def test_ascii_keeps_every_byte_in_its_place() -> None:
    text = "".join(map(chr, range(128)))
    assert lettered(pa.array([text])).to_pylist() == [text.lower()]
