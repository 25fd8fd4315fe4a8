"""RunConfig: one YAML tree for a whole run, with dotted overrides; checked in full before a cluster is touched."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationError

from cluster.layers import layers, merge
from cluster.names import checked_name
from pipelines.contracts.config_yaml import read, written
from pipelines.contracts.location import public
from pipelines.contracts.mistakes import mistakes
from training.recipe import Recipe, set_path
from tuning.config import TuningConfig

LOCATIONS = ("path", "store")


class RunConfig(Recipe):
    """A run: its name and store, the recipe (`seed`, `data`, `training`, `evaluation`), and a sweep if there is one."""

    name: Annotated[str, AfterValidator(checked_name)]
    store: str = "runs/store"
    tuning: TuningConfig | None = None

    @property
    def recipe(self) -> Recipe:
        """The part that the result depends on."""
        return Recipe(**{name: getattr(self, name) for name in Recipe.model_fields})


def load(file: str, overrides: Sequence[str] = ()) -> RunConfig:
    """The config in a YAML file after its overrides; ValueError with one line for every mistake in it."""
    return validate(read_tree(file, overrides), file)


def read_tree(file: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """The tree of a YAML file, over the file it `extends` if any, under the `path=value` overrides."""
    tree: dict[str, Any] = {}
    for layer in reversed(layers(Path(file))):
        tree = merge(tree, layer.tree)
    for place, override in enumerate(overrides):
        path, separator, value = override.partition("=")
        if not separator or not path:
            cut = f"; if the shell cut it off, put quotes around '{overrides[place - 1]} {override}'" if place else ""
            raise ValueError(f"override '{override}' has to read path=value, as in training.tokens=2_000_000{cut}")
        set_path(tree, path, _value(path, value))
    return tree


def is_override(argument: str) -> bool:
    """Whether an argument among files is an override: `path=value`, where a file would have its folder named."""
    return "/" not in argument.partition("=")[0] and "=" in argument


def validate(tree: Mapping[str, Any], origin: str) -> RunConfig:
    """The checked config; ValueError names every wrong key by its whole path."""
    try:
        return RunConfig.model_validate(tree)
    except ValidationError as error:
        raise ValueError("\n".join([f"{origin}:", *(f"  {mistake}" for mistake in mistakes(error))])) from None


def dump(config: RunConfig) -> str:
    """The resolved tree as YAML; `load` of it gives an equal config, but that secrets in URLs are left out."""
    return written(_public(config.model_dump(mode="json")))


def _public(tree: Any, key: str = "") -> Any:
    """The tree whose locations, under the keys `path` and `store`, hold no secrets."""
    if isinstance(tree, Mapping):
        return {name: _public(value, name) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_public(value, key) for value in tree]
    return public(tree) if key in LOCATIONS and isinstance(tree, str) else tree


def _value(path: str, text: str) -> Any:
    try:
        return read(text, f"the value of override '{path}={text}'")
    except ValueError as error:
        raise ValueError(f"{error}; {_quoted(path, text)}") from None


def _quoted(path: str, text: str) -> str:
    """How to write an override whose value is no YAML: the shell has cut it, or a text looks like something else."""
    if text[:1] in ("{", "["):
        return f"the shell cuts at blanks: put all of it in quotes, as in '{path}={{kind: easy_first}}'"
    return f"a text needs quotes of its own: '{path}=\"{text}\"'"
