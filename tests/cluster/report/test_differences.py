"""What differs between the recipes of arms is shown, and nothing else."""

from typing import Any

import pytest

from cluster.report.differences import Difference, differences, told
from cluster.report.schema import Report


def of(report: Report, *recipes: dict[str, Any]) -> list[Difference]:
    arms = [arm.model_copy(update={"recipe": recipe}) for arm, recipe in zip(report.arms, recipes, strict=False)]
    return list(differences(arms[: len(recipes)]))


def test_equal_keys_are_left_out_and_others_have_their_path(example: Report) -> None:
    one = {"seed": [0], "data": {"source": {"kind": "text", "path": "a.txt"}, "verify": "all"}}
    other = {"seed": [0], "data": {"source": {"kind": "text", "path": "b.txt"}, "verify": "all"}}
    assert of(example, one, other) == [Difference("data.source.path", ("a.txt", "b.txt"))]
    assert of(example, one, one) == of(example, one) == []


def test_a_section_of_another_kind_or_of_one_arm_is_one_key(example: Report) -> None:
    one = {"steps": {"chosen": {"kind": "random", "fraction": 0.2}}}
    other = {"steps": {"chosen": {"kind": "top", "by": "score"}, "clean": {"kind": "clean", "most": [{"kind": "x"}]}}}
    assert of(example, one, other) == [
        Difference("steps.chosen", ("random(fraction=0.2)", "top(by=score)")),
        Difference("steps.clean", (None, "clean(most=[x])")),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (0.003, "0.003"),
        ("text", "text"),
        ([], "[]"),
        ({}, "()"),
        (["a", "b"], "[a, b]"),
        ({"kind": "score", "scorer": {"kind": "ngram", "target": {"kind": "text", "path": "a"}}},
         "score(scorer=ngram(target=text(path=a)))"),
    ],
)  # fmt: skip
def test_a_value_is_told_in_one_line(value: Any, expected: str) -> None:
    assert told(value) == expected
