"""Space: what a sweep may change, one dimension for each dotted config path, and the recipe at a point of it.

What is drawn from a dimension is a number, or the label of a choice; `value` makes the config's value of it.
"""

import copy
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake, mistakes
from training.recipe import Recipe, set_path
from training.yaml_text import on_one_line

DIGITS = 4  # significant ones of a drawn number, so that an override is short and means exactly what was run


class Dimension(Spec):
    """The values that one config path may take; in YAML a mapping of its kind to its bounds or options."""

    @model_validator(mode="wrap")
    @classmethod
    def _resolve(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if cls is Dimension and not isinstance(value, Dimension):
            return _kind(value).model_validate(value)  # type: ignore[return-value]
        return handler(value)

    def ends(self) -> tuple[Any, ...]:
        """The values to check before any work: both bounds, or every option."""
        raise NotImplementedError

    def domain(self) -> Any:
        """The distribution that Ray Tune draws from."""
        raise NotImplementedError

    def value(self, drawn: Any) -> Any:
        """The value that the config gets for what was drawn from `domain`."""
        return drawn


def _ascending(bounds: tuple[Any, Any]) -> tuple[Any, Any]:
    low, high = bounds
    if not low < high:
        raise Mistake(f"the low end {low} has to be below the high end {high}; write [low, high]")
    return bounds


class Uniform(Dimension):
    """A number between two, every one as likely; rounded to 4 significant digits."""

    uniform: Annotated[tuple[float, float], AfterValidator(_ascending)]

    def ends(self) -> tuple[Any, ...]:
        """Both bounds."""
        return self.uniform

    def domain(self) -> Any:
        """`tune.uniform`."""
        from ray import tune

        return tune.uniform(*self.uniform)

    def value(self, drawn: Any) -> Any:
        """The rounded number, inside the bounds."""
        return _rounded(drawn, self.uniform)


class LogUniform(Dimension):
    """A positive number between two, every order of magnitude as likely; rounded to 4 significant digits."""

    log_uniform: Annotated[tuple[float, float], AfterValidator(_ascending)]

    @field_validator("log_uniform")
    @classmethod
    def _positive(cls, bounds: tuple[float, float]) -> tuple[float, float]:
        if bounds[0] <= 0:
            raise Mistake(f"the low end {bounds[0]} has to be above 0 for a logarithm; raise it, or use `uniform`")
        return bounds

    def ends(self) -> tuple[Any, ...]:
        """Both bounds."""
        return self.log_uniform

    def domain(self) -> Any:
        """`tune.loguniform`."""
        from ray import tune

        return tune.loguniform(*self.log_uniform)

    def value(self, drawn: Any) -> Any:
        """The rounded number, inside the bounds."""
        return _rounded(drawn, self.log_uniform)


class Integer(Dimension):
    """A whole number, both bounds among them."""

    integer: Annotated[tuple[int, int], AfterValidator(_ascending)]

    def ends(self) -> tuple[Any, ...]:
        """Both bounds."""
        return self.integer

    def domain(self) -> Any:
        """`tune.randint`, whose upper end is left out."""
        from ray import tune

        return tune.randint(self.integer[0], self.integer[1] + 1)

    def value(self, drawn: Any) -> Any:
        """A plain int."""
        return int(drawn)


class Choice(Dimension):
    """One of some options: numbers, text, or whole sections of the config."""

    choice: tuple[Any, ...] = Field(min_length=1)

    @field_validator("choice")
    @classmethod
    def _each_once(cls, options: tuple[Any, ...]) -> tuple[Any, ...]:
        labels = [label(option) for option in options]
        twice = sorted({each for each in labels if labels.count(each) > 1})
        if twice:
            raise Mistake(f"the option {twice[0]} is there twice; list each option once")
        return options

    def ends(self) -> tuple[Any, ...]:
        """All options."""
        return self.choice

    def domain(self) -> Any:
        """`tune.choice` of labels; Optuna draws no sections."""
        from ray import tune

        return tune.choice([label(option) for option in self.choice])

    def value(self, drawn: Any) -> Any:
        """The option with this label."""
        return next(option for option in self.choice if label(option) == drawn)


KINDS: dict[str, type[Dimension]] = {
    "uniform": Uniform,
    "log_uniform": LogUniform,
    "integer": Integer,
    "choice": Choice,
}


def label(value: Any) -> str:
    """A value as it stands behind the `=` of an override."""
    return on_one_line(value)


def values_at(space: Mapping[str, Dimension], drawn: Mapping[str, Any]) -> dict[str, Any]:
    """The config's values by path at a point of the space."""
    return {path: dimension.value(drawn[path]) for path, dimension in space.items()}


def overridden(base: Recipe, values: Mapping[str, Any]) -> Recipe:
    """The recipe with these values at their dotted paths; Mistake names the values and every mistake by its path."""
    tree = base.model_dump(mode="json", serialize_as_any=True)
    for path in sorted(values, key=lambda path: path.count(".")):
        set_path(tree, path, copy.deepcopy(values[path]))
    try:
        return Recipe.model_validate(tree)
    except ValidationError as error:
        given = " ".join(f"{path}={label(value)}" for path, value in values.items())
        raise Mistake(f"tuning.space: {given} does not fit this config; {'; '.join(mistakes(error))}") from None


def probes(base: Recipe, space: Mapping[str, Dimension]) -> list[Recipe]:
    """The recipe at every end of every dimension, then at all first ends and at all last ends; Mistake as above."""
    points = [{path: end} for path, dimension in space.items() for end in dimension.ends()]
    for place in (0, -1):
        points.append({path: dimension.ends()[place] for path, dimension in space.items()})
    return [overridden(base, point) for point in points]


def _kind(value: Any) -> type[Dimension]:
    found = [KINDS.get(str(key)) for key in value] if isinstance(value, Mapping) else []
    if len(found) == 1 and found[0] is not None:
        return found[0]
    known = ", ".join(f"{{{kind}: {'[...]' if kind == 'choice' else '[low, high]'}}}" for kind in KINDS)
    raise Mistake(f"{value!r} is no dimension; write one of {known}")


def _rounded(drawn: float, bounds: tuple[float, float]) -> float:
    return min(max(float(f"{drawn:.{DIGITS}g}"), bounds[0]), bounds[1])
