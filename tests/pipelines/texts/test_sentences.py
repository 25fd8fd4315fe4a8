"""The compiled rule of sentences against the same rule as one regular expression, and on known texts."""

import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.texts.abbreviations import ABBREVIATIONS
from pipelines.texts.arrays import utf8
from pipelines.texts.classes import character_classes
from pipelines.texts.sentences import count_sentences, sentences_and_lines
from pipelines.texts.words import classify

PIECES = [
    "a",
    "B",
    "é",
    "É",
    "5",
    " ",
    "\n",
    "\u3000",
    ".",
    "!",
    "。",
    "？",
    '"',
    "’",
    "」",
    "(",
    ")",
    "dr",
    "No",
    "中",
    "…",
]
PROSE = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
SHORT = "|".join(ABBREVIATIONS)
CLOSERS = "[\"')\\]}”’»*_」』）】》〉]*"
STOPS = "[.!?…。！？]"


def slow_sentences(text: str, breaks: int) -> list[str]:
    """The text cut run by run, each looked at by regular expressions."""
    found, state, before = [""], "goes on", ""
    for run, space in re.findall(r"(\S*)(\s*)", text):
        if not run and not space:
            continue
        ended = state == "ends" or (state == "may end" and not (run[:1].isalpha() and run[:1].islower()))
        if run and found[-1].strip() and (ended or before.count("\n") >= breaks):
            found.append("")
        parts = re.findall(f".*?[。！？]+(?:{CLOSERS}$|[」』）】》〉”’»]*)|.+", run)
        for number, part in enumerate(parts):
            found[-1] += part
            if number + 1 < len(parts):
                found.append("")
        if run:
            state = slow_verdict(parts[-1])
        found[-1] += space
        before = space
    return [each for each in found if each.strip()] and found


def slow_verdict(run: str) -> str:
    ended = re.search(f"({STOPS}){CLOSERS}$", run)
    if not ended:
        return "goes on"
    if ended[1] in "。！？":
        return "ends"
    if ended[1] != ".":
        return "may end"
    stem = re.sub(r"^[\W_]+", "", run[: ended.start()].rpartition(".")[2])
    initial = len(stem.encode()) == 1 and (stem.isalpha() or stem == run[: ended.start()])
    return "goes on" if initial or re.fullmatch(SHORT, stem, re.IGNORECASE | re.ASCII) else "may end"


@settings(max_examples=1000, deadline=None)
@given(PROSE)
def test_sentences_are_those_of_the_slow_rule(text: str) -> None:
    assert sentences_and_lines(text) == slow_sentences(text, 1)
    data, offsets = utf8(pa.array(["Before.", text]))
    counts = count_sentences(data, classify(data, character_classes()), offsets)
    assert counts.tolist() == [1, len(slow_sentences(text, 2))]


@settings(deadline=None)
@given(st.one_of(st.text(max_size=300), PROSE))
def test_sentences_joined_are_the_text_and_none_is_blank(text: str) -> None:
    found = sentences_and_lines(text)
    assert "".join(found) == (text if text.strip() else "")
    assert all(sentence.strip() for sentence in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One. ", "Two! ", "Three?"]),
        ('He said "Go." She went.', ['He said "Go." ', "She went."]),
        ("Dr. Smith met J. R. Jones. They spoke.", ["Dr. Smith met J. R. Jones. ", "They spoke."]),
        ("It costs 3.50 in all. Cheap, e.g. for us.", ["It costs 3.50 in all. ", "Cheap, e.g. for us."]),
        ("See the U.S. Army (vs. Others). Yes.", ["See the U.S. Army (vs. Others). ", "Yes."]),
        ("1. First it was 3.5. Then 4.", ["1. First it was 3.5. ", "Then 4."]),
        ("A title\n\n  A line\nAnother", ["A title\n\n  ", "A line\n", "Another"]),
        ("\n\n  Text. More.\n", ["\n\n  Text. ", "More.\n"]),
        ("今日は。明日。", ["今日は。", "明日。"]),
        ("他说：“走吧。”然后离开！？好", ["他说：“走吧。”", "然后离开！？", "好"]),
        ('他说："走。" (然后。)离开', ['他说："走。" ', "(然后。", ")离开"]),
        (" \n ", []),
    ],
)
def test_ends_behind_sentences_and_lines(text: str, expected: list[str]) -> None:
    assert sentences_and_lines(text) == expected
