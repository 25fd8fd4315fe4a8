"""Runs, pieces and words against regular expressions over the kinds of the characters."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.texts.arrays import bytes_and_offsets, utf8
from pipelines.texts.classes import EXTEND, SPACE, UNSPACED, WORD, character_classes
from pipelines.texts.folding import lettered
from pipelines.texts.hashing import hash_pieces
from pipelines.texts.words import classify, count_words

SPACES = " \t\n\x0b\x1c\x1f\x85\u00a0\u1680\u2007\u200b\u2028\u202f\u205f\u3000"
TEXTS = st.lists(st.one_of(st.text(), st.text(SPACES + "aB9_.,'’éß\u0301日本ไ้हि²👍𠀀")), max_size=6)


def kinds(text: str) -> str:
    """One letter for each character: s(pace), u(nspaced), w(ord), e(xtending) or m(ark)."""
    bits = [character_classes()[ord(character)] for character in text]
    order = ((SPACE, "s"), (UNSPACED, "u"), (WORD, "w"), (EXTEND, "e"))
    return "".join(next((name for bit, name in order if each & bit), "m") for each in bits)


def pieces(text: str) -> list[str]:
    return [text[slice(*match.span())] for match in re.finditer("u|w[we]*|[me]+", kinds(text))]


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_pieces_are_words_letters_and_runs_of_marks(texts: list[str]) -> None:
    hashes, offsets = hash_pieces(pa.array(texts, pa.string()))
    expected = [pieces(text) for text in lettered(pa.array(texts, pa.string())).to_pylist()]
    assert np.diff(offsets).tolist() == [len(each) for each in expected]
    flat = [piece for each in expected for piece in each]
    assert len(set(zip(flat, hashes.tolist(), strict=True))) == len(set(flat)) == len(set(hashes.tolist()))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_pieces_of_ascii_are_word_punct_tokens_with_underscores_as_marks(texts: list[str]) -> None:
    plain = [text.encode("ascii", "ignore").decode() for text in texts]
    _, offsets = hash_pieces(pa.array(plain, pa.string()))
    assert np.diff(offsets).tolist() == [len(re.findall(r"[^\W_]+|(?:[^\w\s]|_)+", text)) for text in plain]


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_words_are_counted_between_spaces_and_by_letter(rows: list[str]) -> None:
    counts = count_words(*bytes_and_offsets(pa.array(rows, pa.string())), character_classes())
    for row, text in zip(counts.tolist(), rows, strict=True):
        spaced = [stretch for run in text.split() for stretch in stretches(run)]
        assert row == [len(spaced), sum(map(len, spaced)), kinds(text).count("u")]


def stretches(run: str) -> list[str]:
    """What letters that are words by themselves leave of a run; a stretch of marks only counts where it is all."""
    found = [run[slice(*match.span())] for match in re.finditer("[^u]+", kinds(run))]
    return [each for each in found if each == run or "w" in kinds(each)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop-me_now.", ["don", "'", "t", "stop", "-", "me", "_", "now", "."]),
        ("今天 Python3好", ["今", "天", "python3", "好"]),
        ("हिन्दी cafe\u0301", ["हिन्दी", "café"]),
        ("dog\u00b4s", ["dog", "\u0301", "s"]),
        ("soft\u00adly", ["softly"]),
    ],
)
def test_pieces_of_known_texts(text: str, expected: list[str]) -> None:
    assert pieces(lettered(pa.array([text]))[0].as_py()) == expected


@settings(deadline=None)
@given(TEXTS)
def test_every_byte_has_the_class_of_its_character(texts: list[str]) -> None:
    data, _ = utf8(pa.array(texts, pa.string()))
    table = character_classes()
    slow = [table[ord(each)] for text in texts for each in text for _ in each.encode()]
    assert classify(data, table).tolist() == slow


def test_broken_utf8_is_read_to_its_end() -> None:
    data = np.frombuffer(b"\xff\xc3 \xe2\x82 \xf0\x9f\xf8\xf8\xf8\xf8", np.uint8)
    assert count_words(data, np.array([0, len(data)]), character_classes())[0].tolist()[0] > 0
    assert len(classify(data, character_classes())) == len(data)
