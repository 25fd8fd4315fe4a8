"""The table of characters against Python's own view of Unicode."""

import sys
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.texts.classes import (
    DIGIT,
    EXTEND,
    IDEOGRAPHS,
    LETTER,
    PLANES,
    SPACE,
    TAGS,
    UNFOLDED,
    UNSPACED,
    character_classes,
)

WRITTEN_WITHOUT_SPACES = (
    "CJK UNIFIED", "CJK COMPATIBILITY", "HIRAGANA", "HENTAIGANA", "KATAKANA", "HALFWIDTH KATAKANA", "THAI", "LAO",
    "MYANMAR", "KHMER",
)  # fmt: skip


def test_every_character_of_the_first_planes_is_what_python_says() -> None:
    table = character_classes()
    for point in range(PLANES):
        character, bits = chr(point), table[point]
        assert bool(bits & SPACE) == character.isspace()
        assert bool(bits & LETTER) == character.isalpha()
        assert bool(bits & (LETTER | DIGIT)) == character.isalnum()
        assert bool(bits & EXTEND) == (unicodedata.category(character)[0] == "M")


def test_letters_and_their_marks_are_unspaced_by_the_name_of_their_script() -> None:
    table = character_classes()
    letters = [chr(point) for point in range(PLANES) if table[point] & (LETTER | EXTEND)]
    named = {each for each in letters if unicodedata.name(each, "").startswith(WRITTEN_WITHOUT_SPACES)}
    unspaced = {each for each in letters if table[ord(each)] & UNSPACED}
    assert named <= unspaced
    assert "".join(sorted(unspaced - named)) == "々〆〱〲〳〴〵〻〼\u3099\u309aー"[:9] + "\u3099\u309a"


def test_ideographs_above_are_letters_by_themselves() -> None:
    table = character_classes()
    assert all(table[ord(character)] & UNSPACED for character in "𠀀𪚥𫝀")
    assert not any(table[point] & UNSPACED for point in (ord("한"), ord("a"), ord("۩"), ord("。"), ord("๑"), TAGS[0]))


folded_characters = st.characters(exclude_categories=("Cs",)).filter(
    lambda character: not character_classes()[ord(character)] & UNFOLDED
)


@settings(deadline=None)
@given(st.text(folded_characters))
def test_texts_without_unfolded_characters_are_their_own_normal_form(text: str) -> None:
    lowered = "".join(each.lower() if each.isascii() else each for each in text)
    assert unicodedata.normalize("NFKC", text).lower() == lowered


def test_whatever_joins_the_character_before_it_is_unfolded() -> None:
    table = character_classes()
    for point in (*range(PLANES), *range(*IDEOGRAPHS), *range(IDEOGRAPHS[1], sys.maxunicode + 1)):
        decomposed = unicodedata.decomposition(chr(point)).split()
        if len(decomposed) == 2 and not decomposed[0].startswith("<"):
            assert table[int(decomposed[1], 16)] & UNFOLDED
