"""Model names: where a section of a config names models, and of which sort each of them has to be."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from pipelines.contracts.component import sections
from pipelines.inference.model_files import Sort


@dataclass(frozen=True)
class Named:
    """A model's name and its sort; `is_one` where the config has a place for one, and not for a list of them."""

    name: str
    sort: Sort
    is_one: bool


def named_models(part: Any) -> Iterator[Named]:
    """Every model that a section names, at any depth, those of an outer one before those inside it."""
    for section in sections(part):
        for key, sort in model_keys(type(section)).items():
            yield from _named(getattr(section, key), sort)


def with_names(part: Any, replaced: Callable[[Named], Sequence[str]]) -> Any:
    """The section with other names in the place of each; of a list's name there may be several, or none.

    What names no model stays the very same object; the rest is validated anew, so ValidationError where it no longer
    fits together.
    """
    if next(named_models(part), None) is None:
        return part
    if isinstance(part, BaseModel):
        sorts = model_keys(type(part))
        values = {
            key: _replaced(getattr(part, key), sorts[key], replaced)
            if key in sorts
            else with_names(getattr(part, key), replaced)
            for key in type(part).model_fields
        }
        return type(part).model_validate(values)
    if isinstance(part, Mapping):
        return {key: with_names(value, replaced) for key, value in part.items()}
    return [with_names(value, replaced) for value in part]


@functools.cache
def model_keys(section: type[BaseModel]) -> dict[str, Sort]:
    """The sort of model that each key of the section names; other keys are left out."""
    found = {key: _sort_in([*field.metadata, field.annotation]) for key, field in section.model_fields.items()}
    return {key: sort for key, sort in found.items() if sort is not None}


def _named(value: str | Sequence[str] | None, sort: Sort) -> list[Named]:
    if value is None or isinstance(value, str):
        return [] if value is None else [Named(value, sort, is_one=True)]
    return [Named(each, sort, is_one=False) for each in value]


def _replaced(value: str | Sequence[str] | None, sort: Sort, replaced: Callable[[Named], Sequence[str]]) -> Any:
    names = [name for each in _named(value, sort) for name in replaced(each)]
    if value is None or isinstance(value, str):
        return names[0] if names else None
    return names


def _sort_in(parts: Sequence[Any]) -> Sort | None:
    for part in parts:
        inside = [*get_args(part)] if get_origin(part) is not Annotated else [*part.__metadata__, part.__origin__]
        found = part if isinstance(part, Sort) else _sort_in(inside)
        if found is not None:
            return found
    return None
