"""What holds for every number of every config section and component: it is finite, and has an end below."""

import importlib
import math
import pkgutil
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

import cluster
import pipelines
import training
import tuning
from cluster.kinds import FAMILIES
from pipelines.contracts.component import Spec, component_in, kinds
from tuning.space import Dimension

NO_END_BELOW = {"least_support", "least_code_support"}  # a rewrite that shares less than chance is below 0, without end
FLOORS = (pipelines, training, tuning, cluster)


def _sections() -> list[type[Spec]]:
    """Every section of a config and every component of every family, but for its root, whose fields its kinds have."""
    for floor in FLOORS:
        for module in pkgutil.walk_packages(floor.__path__, f"{floor.__name__}."):
            if module.name.endswith(("config", "recipe", "space", "compression", "mixture")):
                importlib.import_module(module.name)
    for root in FAMILIES.values():
        for kind in kinds(root.family):
            component_in(f"{root.family}.{kind}", root)
    ours = {floor.__name__ for floor in FLOORS}
    return sorted(
        {each for each in _below(Spec) if each.__module__.partition(".")[0] in ours and "family" not in vars(each)},
        key=lambda each: f"{each.__module__}.{each.__name__}",
    )


def _below(section: type[Spec]) -> Iterator[type[Spec]]:
    for each in section.__subclasses__():
        yield each
        yield from _below(each)


def _holding(annotation: Any, number: float, kinds_of_number: tuple[type, ...]) -> Iterator[Any]:
    """Values of an annotated type that hold the number, one for each place where it can stand."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in kinds_of_number:
        yield number
    elif origin is typing.Annotated:
        yield from _holding(inner[0], number, kinds_of_number)
    elif origin is tuple:
        if any(list(_holding(each, number, kinds_of_number)) for each in inner):
            yield [number] * len(inner)
    elif origin is dict:
        yield from ({"a": value} for value in _holding(inner[1], number, kinds_of_number))
    elif origin is not typing.Literal:
        for each in inner:
            yield from _holding(each, number, kinds_of_number)


def _fields(kinds_of_number: tuple[type, ...]) -> list[Any]:
    return [
        pytest.param(section, name, id=f"{section.__module__}.{section.__name__}.{name}")
        for section in _sections()
        for name, field in section.model_fields.items()
        if list(_holding(field.annotation, 0, kinds_of_number))
    ]


def _refused(section: type[Spec], name: str, number: float, kinds_of_number: tuple[type, ...]) -> bool:
    """Whether the field refuses the number wherever it can stand; other fields may be missing."""
    for value in _holding(section.model_fields[name].annotation, number, kinds_of_number):
        with pytest.raises(ValidationError) as caught:
            section.model_validate({name: value})
        if not any(error["loc"][:1] == (name,) for error in caught.value.errors()):
            return False
    return True


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize(("section", "name"), _fields((float,)))
def test_a_number_is_finite(section: type[Spec], name: str, number: float) -> None:
    assert _refused(section, name, number, (float,))


@pytest.mark.parametrize(("section", "name"), _fields((float, int)))
def test_a_number_has_an_end_below(section: type[Spec], name: str) -> None:
    if issubclass(section, Dimension) or name in NO_END_BELOW:
        pytest.skip("has none: what a sweep may draw is checked by the key that it is drawn for")
    assert _refused(section, name, -1e18, (float, int))
