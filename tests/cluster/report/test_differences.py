"""What differs between the recipes of arms is shown, and nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest

from cluster.report.differences import Difference, differences, told
from cluster.report.schema import Report


def of(report: Report, *recipes: dict[str, Any], stated: Sequence[dict[str, Any]] = ()) -> list[Difference]:
    """The differences of these recipes, of which by default nothing is at its default."""
    arms = [
        arm.model_copy(update={"recipe": recipe, "stated": without_defaults})
        for arm, recipe, without_defaults in zip(report.arms, recipes, stated or recipes, strict=False)
    ]
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


def test_of_what_not_all_arms_have_only_what_is_not_at_its_default_is_told(example: Report) -> None:
    one = {"chosen": {"kind": "random", "fraction": 0.2, "of": "rows"}, "codec": {"kind": "bpe", "vocab": 2000}}
    other = {"chosen": {"kind": "top", "by": "x", "of": "rows"}, "codec": {"kind": "bytes", "end": 1}}
    stated = [
        {"chosen": {"kind": "random", "fraction": 0.2}},
        {"chosen": {"kind": "top", "by": "x"}, "codec": {"kind": "bytes"}},
    ]
    assert of(example, one, other, stated=stated) == [
        Difference("chosen", ("random(fraction=0.2)", "top(by=x)")),
        Difference("codec", ("bpe", "bytes")),
    ]


def test_a_default_is_told_where_another_arm_has_another_value(example: Report) -> None:
    one, other = {"codec": {"kind": "bpe", "vocab": 2000}}, {"codec": {"kind": "bpe", "vocab": 500}}
    stated = [{}, {"codec": {"kind": "bpe", "vocab": 500}}]
    assert of(example, one, other, stated=stated) == [Difference("codec.vocab", ("2000", "500"))]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (0.003, "0.003"),
        ("text", "text"),
        ([], "[]"),
        ({}, "()"),
        ({"kind": "score", "features": {}}, "score"),
        (["a", "b"], "[a, b]"),
        ({"kind": "score", "scorer": {"kind": "ngram", "target": {"kind": "text", "path": "a"}}},
         "score(scorer=ngram(target=text(path=a)))"),
    ],
)  # fmt: skip
def test_a_value_is_told_in_one_line(value: Any, expected: str) -> None:
    assert told(value) == expected
