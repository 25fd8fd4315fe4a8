"""References: a component that needs a model can name one of the run's section `models`, as "@name".

The run makes it first and puts the model's folder in the reference's place, so that the floor below only ever opens
folders. The folder's name holds the address of the model, which is part of every address that depends on it, so these
are known before it is made. Of an entry with copies "@name.2" is the second, and in a list of models "@name" is all.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake, mistakes

ONE, SEVERAL = ("model", "start"), "models"  # the keys of a model, and of a list of them

Folders = Mapping[str, Mapping[int, str]]  # where each copy, from 1 on, of each model is

S = TypeVar("S", bound=Spec)


@dataclass(frozen=True)
class Reference:
    """What stands behind an "@": the name of an entry, and which of its copies, counted from 1, where that is said.

    `is_one` where a single model is wanted, and not a list of them.
    """

    name: str
    copy: int | None
    is_one: bool

    @classmethod
    def read(cls, text: str, is_one: bool) -> Self:
        """The reference that the text is."""
        name, _, copy = text[1:].partition(".")
        return cls(name, int(copy), is_one) if copy.isdecimal() else cls(text[1:], None, is_one)

    def chosen(self, folders: Folders) -> list[str]:
        """The folders of the copies that are meant."""
        copies = folders[self.name]
        return list(copies.values()) if self.copy is None else [copies[self.copy]]


def references(tree: Any) -> Iterator[Reference]:
    """Every text with an "@" in front under a key of ONE, or in a list under the key SEVERAL, at any depth."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if key in ONE and _refers(value):
                yield Reference.read(value, is_one=True)
            elif key == SEVERAL and isinstance(value, list | tuple):
                yield from (Reference.read(each, is_one=False) for each in value if _refers(each))
            else:
                yield from references(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from references(value)


def check_references(where: str, config: Spec, known: Mapping[str, int]) -> None:
    """Raises Mistake where the config names a model or a copy that is not known, or several where one is wanted.

    `known` says of each model how many copies there are.
    """
    for each in references(config.model_dump()):
        if each.name not in known:
            raise Mistake(
                f"{where} refers to '@{each.name}', which is not among the models before it: {sorted(known)}; add "
                f"models.{each.name} with its `data`, and a `training`, a `datamodel` or a `regression`"
            )
        copies = known[each.name]
        if each.copy is not None and not 1 <= each.copy <= copies:
            raise Mistake(
                f"{where} refers to copy {each.copy} of '@{each.name}', of which there are {copies}; they are counted "
                f"from 1, and models.{each.name}.copies says how many are made"
            )
        if each.is_one and each.copy is None and copies > 1:
            raise Mistake(
                f"{where} wants one model where it refers to '@{each.name}', of which there are {copies} copies; name "
                f"one of them, as in '@{each.name}.1'"
            )


def resolved(config: S, folders: Folders) -> S:
    """The config with the folder of each model that it refers to, or in a list the folders of all its copies.

    Mistake where the folders do not go together, as one that is named twice.
    """
    try:
        return type(config).model_validate(_replaced(config.model_dump(), folders))
    except ValidationError as error:
        raise Mistake("; ".join(mistakes(error))) from error


def _replaced(tree: Any, folders: Folders) -> Any:
    if isinstance(tree, Mapping):
        return {key: _in_place_of(key, value, folders) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_replaced(value, folders) for value in tree]
    return tree


def _in_place_of(key: Any, value: Any, folders: Folders) -> Any:
    if key in ONE and _refers(value):
        return Reference.read(value, is_one=True).chosen(folders)[0]
    if key == SEVERAL and isinstance(value, list | tuple):
        several = (Reference.read(each, is_one=False).chosen(folders) if _refers(each) else [each] for each in value)
        return list(itertools.chain.from_iterable(several))
    return _replaced(value, folders)


def _refers(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("@")
