import io
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.engine import Engine, Prompt
from pipelines.engines.lexical import Lexical
from pipelines.engines.simplify.simplifier import MOST_PASSES, settled, simplifier
from pipelines.rewriters.prompts.marked_reply import BEGIN, END, unmarked

GOLDEN = Path(__file__).parents[2] / "golden" / "lexical.json"
DATA = Path(os.environ.get("GLEANER_DATA", Path(__file__).parents[4] / "shared" / "data"))
PIECES = [
    *("the", "a", "an", "dog", "utilize", "commenced", "physician", "enormous", "is", "not", "it", "they", "and", "in"),
    *(
        "however",
        "therefore",
        "which",
        "means",
        "order",
        "to",
        "due",
        "fact",
        "that",
        "e.g.",
        "(see also here)",
        "here",
    ),
    *("1,204", "3.5", "-7", "Paris", ";", ",", ".", "?", "!", "\n", "\n\n", "\t", "    ", '"', "'", "-", "$", "#", ">"),
    *(
        "*",
        "**",
        "_",
        "__",
        "`",
        "``",
        "```",
        ">>>",
        "|",
        "<",
        "<b>",
        "</p>",
        "&amp;",
        "&lt;",
        "[",
        "]",
        "(",
        ")",
        "[1]",
    ),
    *("http://a.b/c", "me@a.org", ":class:`Foo`", ".. note::", "::", "x = 1", "=====", "deadbeef00deadbeef00", "“"),
    *("Copyright 2020", "[a](b)", "Home > News > Today", "x : int", "x (int):", ":param x:", "//", "{", "}", "!!!"),
]
simplify = simplifier(2000, 12, "keep")


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(["", " "]))
def test_simplifying_twice_is_simplifying_once(pieces: list[str], joint: str) -> None:
    once = simplify(joint.join(pieces))

    assert simplify(once) == once


@given(st.text(max_size=200))
def test_the_same_holds_for_any_text_and_nothing_becomes_empty(text: str) -> None:
    once = simplify(text)

    assert simplify(once) == once
    assert bool(once) == bool(text)


PROSE = st.lists(
    st.sampled_from(
        [
            "The physician utilized 12 tools; however, she had not commenced on Tuesday.",
            "In 1984 nobody saw Anna, and they never purchased 3.50 pounds of it.",
            "There were approximately 1,000,000 enormous ants (see also the ants).",
            "It is unable to fly, which means that it cannot reach 7 of the 10 abodes in Rome.",
        ]
    ),
    min_size=1,
).map(" ".join)


@given(PROSE)
def test_prose_keeps_its_numbers_and_names(text: str) -> None:
    simple = simplify(text)

    assert re.findall(r"\d[\d,.]*\d|\d", simple) == re.findall(r"\d[\d,.]*\d|\d", text)
    assert re.findall(r"Tuesday|Anna|Rome", simple) == re.findall(r"Tuesday|Anna|Rome", text)
    assert len(re.findall(r"\b(?:not|nobody|never|cannot|unable)\b", simple)) == len(
        re.findall(r"\b(?:not|nobody|never|cannot|unable)\b", text)
    )


@pytest.mark.parametrize(
    "code",
    ["`utilize(x)`", "```\nutilize = commence\n```", "    utilize = commence(x)", "$utilize^2$", ">>> utilize\n3"],
)
def test_code_is_not_touched(code: str) -> None:
    assert simplify(f"First we commence.\n\n{code}\n\nThen we utilize.") == f"First we start.\n\n{code}\n\nThen we use."


def test_doctests_can_be_dropped() -> None:
    text = "It adds.\n\n>>> add(1, 2)\n3\n\nIt is quick."

    assert simplifier(2000, 20, "drop")(text) == "It adds.\n\nIt is quick."
    assert simplifier(2000, 20, "keep")(text) == text


def test_a_larger_vocabulary_changes_less() -> None:
    text = "He is afraid of the enormous physician."

    assert simplifier(100_000, 20, "keep")(text) == text
    assert simplify(text) == "He is afraid of the huge doctor."


def test_a_rule_that_never_rests_leaves_the_text() -> None:
    calls: list[str] = []

    def longer(text: str) -> str:
        calls.append(text)
        return text + "."

    assert settled(longer, "a") == "a"
    assert len(calls) == MOST_PASSES


def test_answers_every_prompt_in_order_in_the_form_of_a_reply() -> None:
    answer = Lexical().open()

    replies = answer([Prompt((), "We commence."), Prompt((), "https://a.org"), Prompt((), "They utilise it.")])

    assert replies[0].text == f"{BEGIN}\nWe start.\n{END}"
    assert [unmarked(reply.text) for reply in replies] == ["We start.", "https://a.org", "They use it."]
    assert {(reply.finish, reply.tokens_in, reply.tokens_out) for reply in replies} == {("stop", 0, 0)}
    assert answer([]) == []


def test_is_found_by_its_kind_and_names_its_lexicon() -> None:
    engine = Engine.model_validate({"kind": "lexical", "vocabulary": 3000})

    assert isinstance(engine, Lexical)
    assert re.fullmatch("[0-9a-f]{64}", engine.fingerprint()["lexicon"])
    assert engine.flops(1e6, 1e6) == 0.0


def test_results_are_those_of_this_version() -> None:
    """Where a result has to change, so has `Lexical.version`, in the same commit as the golden file."""
    golden = json.loads(GOLDEN.read_text("utf-8"))

    assert golden["version"] == Lexical.version
    for case in golden["cases"]:
        doctests = case.get("doctests", "keep")
        assert simplifier(2000, 20, doctests)(case["text"]) == case["simple"]


@pytest.mark.skipif(not (DATA / "mixture").is_dir(), reason="the real texts are not here")
def test_real_texts_settle() -> None:
    import zstandard

    with (DATA / "mixture" / "part-00000.jsonl.zst").open("rb") as raw:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(raw), encoding="utf-8")
        texts = [json.loads(next(lines))["text"] for _ in range(200)]

    simple = [simplify(text) for text in texts]

    assert [simplify(text) for text in simple] == simple
    assert sum(a != b for a, b in zip(texts, simple, strict=True)) > 100
    assert 0.8 < sum(map(len, simple)) / sum(map(len, texts)) <= 1.02
