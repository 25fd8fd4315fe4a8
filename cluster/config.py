"""RunConfig: one YAML tree for a whole run, with dotted overrides; checked in full before a cluster is touched."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import ValidationError, field_validator, model_validator

from pipelines.contracts.location import public
from pipelines.contracts.mistakes import Mistake, mistakes
from training.recipe import Recipe, set_path
from training.references import check_references
from training.yaml_text import TwiceError, parse, write
from tuning.config import TuningConfig
from tuning.validation.config import ValidatedRecipe, ValidationConfig, validated_recipe

EXTENDS = "extends"
LOCATIONS = ("path", "store")


class RunConfig(Recipe):
    """A run: its name and store, and the recipe (`seed`, `data`, `training`, `evaluation`).

    It may be asked for a sweep (`tuning`), and whether its scores say which text helps (`validation`).
    """

    name: str
    store: str = "runs/store"
    tuning: TuningConfig | None = None
    validation: ValidationConfig | None = None

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        if not re.fullmatch(r"\w[\w.+-]{0,99}", name):
            raise Mistake(
                f"{name!r} cannot name the folder of the run's report; use letters, digits, '_', '.', '+' and '-', a "
                "letter, digit or '_' first, at most 100 of them"
            )
        return name

    @model_validator(mode="after")
    def _validation_knows_its_models(self) -> Self:
        if self.validation is not None:
            check_references("validation", self.validation, self.models)
        return self

    @property
    def validated(self) -> ValidatedRecipe:
        """The recipe with the section `validation`; Mistake where there is none."""
        if self.validation is None:
            raise Mistake(
                "there is no section `validation`; add one with a `model`, as in cluster/runs/selection/validate.yaml"
            )
        return validated_recipe(self, self.validation)

    @property
    def recipe(self) -> Recipe:
        """The part that the result depends on."""
        return Recipe(**{name: getattr(self, name) for name in Recipe.model_fields})


def load(file: str, overrides: Sequence[str] = ()) -> RunConfig:
    """The config in a YAML file after its overrides; Mistake with one line for every mistake in it."""
    return validate(read_tree(file, overrides), file)


def read_tree(file: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """The tree of a YAML file, over the file it `extends` if any, under the `path=value` overrides."""
    tree = _read(Path(file))
    for place, override in enumerate(overrides):
        path, separator, value = override.partition("=")
        if not separator or not path:
            raise Mistake(
                f"override '{override}' has to read path=value, as in training.tokens=2_000_000{_cut(overrides, place)}"
            )
        set_path(tree, path, _value(path, value))
    return tree


def is_override(argument: str) -> bool:
    """Whether an argument among files is an override: `path=value`, where a file would have its folder named."""
    return "/" not in argument.partition("=")[0] and "=" in argument


def validate(tree: Mapping[str, Any], origin: str) -> RunConfig:
    """The checked config; Mistake names every wrong key by its whole path."""
    try:
        return RunConfig.model_validate(tree)
    except ValidationError as error:
        raise Mistake("\n".join([f"{origin}:", *(f"  {mistake}" for mistake in mistakes(error))])) from None


def dump(config: RunConfig) -> str:
    """The resolved tree as YAML; `load` of it gives an equal config, but that secrets in URLs are left out."""
    return write(_public(config.model_dump(mode="json")))


def _public(tree: Any, key: str = "") -> Any:
    """The tree whose locations, under the keys `path` and `store`, hold no secrets."""
    if isinstance(tree, Mapping):
        return {name: _public(value, name) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_public(value, key) for value in tree]
    return public(tree) if key in LOCATIONS and isinstance(tree, str) else tree


def _cut(overrides: Sequence[str], place: int) -> str:
    """What else an argument that is no override may be: the rest of the one before it, or a file in the wrong place."""
    if place == 0:
        return ""
    return (
        f"; if the shell cut it off, put quotes around '{overrides[place - 1]} {overrides[place]}'; files stand first"
    )


def _value(path: str, text: str) -> Any:
    try:
        return parse(text)
    except yaml.YAMLError as error:
        raise Mistake(
            f"the value of override '{path}={text}' is no YAML; {_quoted(path, text)} ({' '.join(str(error).split())})"
        ) from None


def _quoted(path: str, text: str) -> str:
    """How to write an override whose value is no YAML: the shell has cut it, or a text looks like something else."""
    if text[:1] in ("{", "["):
        return f"the shell cuts at blanks: put all of it in quotes, as in '{path}={text} ...'"
    return f"a text needs quotes of its own: '{path}=\"{text}\"'"


def _read(file: Path, above: Sequence[Path] = ()) -> dict[str, Any]:
    """The tree of a file over the one that it extends; `above` are the files that led to this one."""
    if file.resolve() in above:
        chain = " -> ".join(f"'{each}'" for each in [*above, file.resolve()])
        raise Mistake(f"`{EXTENDS}` leads in a circle: {chain}; take it out of one of them")
    tree = read_file(file)
    below = tree.pop(EXTENDS, None)
    if below is None:
        return tree
    return merge(_read(file.parent / below, [*above, file.resolve()]), tree)


def read_file(file: Path) -> dict[str, Any]:
    """The tree of this file alone; Mistake with the path where it is no mapping in YAML."""
    try:
        tree = parse(file.read_bytes())
    except FileNotFoundError:
        raise Mistake(f"no config file '{file}'; give the path of a YAML file") from None
    except IsADirectoryError:
        raise Mistake(f"'{file}' is a folder; give the path of a YAML file") from None
    except TwiceError as error:
        raise Mistake(f"'{file}': {error}") from None
    except yaml.YAMLError as error:
        raise Mistake(f"'{file}' is no YAML in UTF-8: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict):
        raise Mistake(f"'{file}' has to hold sections (name, data, training, ...), it holds {_told(tree)}")
    below = tree.get(EXTENDS)
    if below is not None and not (isinstance(below, str) and below):
        raise Mistake(f"`{EXTENDS}` of '{file}' is {below!r}; write the path of a YAML file, relative to this one")
    return tree


def _told(tree: Any) -> str:
    return "nothing" if tree is None else type(tree).__name__


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`, section by section; a component of another kind replaces the one below it whole."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping) and not _other_kind(under, value):
            result[key] = merge(under, value)
        else:
            result[key] = value
    return result


def _other_kind(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    return "kind" in above and above["kind"] != below.get("kind")
