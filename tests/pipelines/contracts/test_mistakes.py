"""Mistakes in a config as people would tell them."""

import pickle
from typing import Any

import pytest
from pydantic import Field, ValidationError

from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake, mistakes
from pipelines.contracts.selector import Selector
from pipelines.selectors.random import Random


class Inner(Spec):
    path: str
    size: int = Field(default=1, gt=0)


class Least(Spec):
    size: int = 1


class Outer(Spec):
    inner: Inner = Inner(path="x")
    least: Least = Least()
    selector: Selector = Random()
    steps: dict[str, Inner] = {}
    share: float = 0.5
    paths: str | tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (
            {"inner": None},
            "inner: is null, and has to be a section with path; leave the null out, or write that section; "
            "known: path, size",
        ),
        ({"inner": 3}, "inner: is the number 3, and has to be a section with path; known: path, size"),
        ({"least": None}, "least: is null, and has to be a section; leave the null out for its defaults; known: size"),
        (
            {"selector": None},
            "selector: is null, and has to be a selector; leave the null out, or give a kind; known: "
            "importance_sample, middle_fraction, pareto_sample, random, token_budget, top_fraction",
        ),
        ({"steps": None}, "steps: is null, and has to be a section of names; leave the null out, or write {} for none"),
        ({"inner": {}}, "inner.path: is missing; give it"),
        ({"inner": {"path": 12}}, "inner.path: is the number 12, and has to be a text; put it in quotes"),
        ({"inner": {"path": None}}, "inner.path: is null, and has to be a text; give one"),
        ({"inner": {"path": "x", "size": 0}}, "inner.size: is the number 0, and has to be greater than 0"),
        ({"inner": {"path": "x", "size": "many"}}, "inner.size: is 'many', and has to be a whole number"),
        ({"steps": ["x"]}, "steps: is a list, and has to be a section of names"),
        ({"share": float("nan")}, "share: is the number nan, and has to be a finite number"),
        ({"paths": 7}, "paths: is the number 7, and has to be a text; put it in quotes"),
        (
            {"shares": 1},
            "shares: no such key; did you mean 'share'? known: inner, least, paths, selector, share, steps",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_its_path(tree: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(tree)
    assert mistakes(caught.value) == [told]


def test_a_mistake_keeps_its_sentence_whatever_is_added_to_its_arguments() -> None:
    mistake = Mistake("lower the rate")
    mistake.args = ("lower the rate\nTo change retry attempts, ...",)  # as Ray Data does
    assert str(pickle.loads(pickle.dumps(mistake))) == "lower the rate"
