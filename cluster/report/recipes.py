"""Recipes as people are told them: without secrets, and without the parameters that only say where work runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from cluster.config import LOCATIONS, RunConfig, dump
from pipelines.contracts.component import PLACEMENT
from pipelines.inference.model_names import model_keys
from training.recipe import Recipe
from training.yaml_text import parse

IsTold = Callable[[BaseModel, str], bool]  # of a section and the name of a parameter in it


def whole(config: RunConfig) -> dict[str, Any]:
    """Every parameter of the recipe that its result depends on."""
    return _told(config, lambda part, name: True)


def stated(config: RunConfig) -> dict[str, Any]:
    """Those of them that are not at their defaults, and the kind of every component that is left."""
    return _told(config, lambda part, name: name == "kind" or not _is_at_default(part, name))


def _told(config: RunConfig, is_told: IsTold) -> dict[str, Any]:
    tree = parse(dump(config))
    told: dict[str, Any] = _pruned(config.recipe, {name: tree[name] for name in Recipe.model_fields}, is_told)
    return told


def _pruned(part: Any, tree: Any, is_told: IsTold) -> Any:
    """The tree, which is that of the part, as far as it is to be told."""
    if isinstance(part, BaseModel):
        names = [name for name in type(part).model_fields if _matters(type(part), name) and is_told(part, name)]
        return {name: _pruned(getattr(part, name), tree[name], is_told) for name in names}
    if isinstance(part, Mapping):
        return {key: _pruned(value, tree[key], is_told) for key, value in part.items()}
    if isinstance(part, Sequence) and not isinstance(part, str):
        return [_pruned(value, each, is_told) for value, each in zip(part, tree, strict=True)]
    return tree


def _matters(section: type[BaseModel], name: str) -> bool:
    """Whether a result depends on the parameter, or on the files or the model that it names."""
    is_placement = PLACEMENT in section.model_fields[name].metadata
    return not is_placement or name in LOCATIONS or name in model_keys(section)


def _is_at_default(part: BaseModel, name: str) -> bool:
    field = type(part).model_fields[name]
    return not field.is_required() and getattr(part, name) == field.get_default(call_default_factory=True)
