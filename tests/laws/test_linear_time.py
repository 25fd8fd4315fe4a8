"""Twice the text costs about twice the time, whatever signs it is made of."""

import time

import pytest

from pipelines.engines.simplify.simplifier import simplifier

CHARACTERS = 32_000
FLOOR_SECONDS = 0.25  # CPU time for twice the text below which a quadratic could not be told from noise
MOST_GROWTH = 2.8
TRIES = 3
HOSTILE = (
    *("a", " a\n", "\t", "~", "`", "(", "[", "<", ">", "[a", "[[", "![", "|a", "a.", "a@b.", "- ", "-=", "<b "),
    *("<!-- ", "<script>", "<style> ", "```a\n", "~~~\na\n", " <b>", "x for a in b", '{"a": [1], ', "( ", "$a", "**"),
    *("http://", "www.a.", "&amp;", ".. a::\n", ":a:`", "{", "'", '"', "\u0301", "\u200b", "aB1=", "= a ", "# a  "),
)


def cpu_seconds(text: str) -> float:
    simplify = simplifier(3000, 20, "keep")
    begin = time.process_time()
    simplify(text)
    return time.process_time() - begin


@pytest.mark.parametrize("unit", HOSTILE)
def test_plain_text_by_rule_takes_time_in_proportion_to_the_text(unit: str) -> None:
    once, twice = (unit * (size // len(unit)) for size in (CHARACTERS, 2 * CHARACTERS))
    for _ in range(TRIES):
        seconds = cpu_seconds(twice)
        if seconds < FLOOR_SECONDS or seconds < MOST_GROWTH * cpu_seconds(once):
            return
    pytest.fail(f"twice as much of {unit!r} takes {seconds:.1f} s, more than {MOST_GROWTH} times as long")
