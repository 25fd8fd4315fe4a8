"""References: a component that needs a model can name one of the run's section `models`, as "@name".

The run makes it first and puts the model's folder in the reference's place, so that the floor below only ever opens
folders. The folder's name holds the address of the model, which is part of every address that depends on it, so these
are known before it is made. Of an entry with copies "@name.2" is the second, and in a list of models "@name" is all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from pydantic import ValidationError

from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake, mistakes
from pipelines.inference.model_files import Sort
from pipelines.inference.model_names import Named, named_models, with_names

Folders = Mapping[str, Mapping[int, str]]  # where each copy, from 1 on, of each model is

S = TypeVar("S", bound=Spec)


class Known(Protocol):
    """What is known of an entry of the section `models` before it is made."""

    @property
    def copies(self) -> int:
        """How many are made."""

    @property
    def sort(self) -> Sort:
        """What they are."""


@dataclass(frozen=True)
class Reference:
    """What stands behind an "@": the name of an entry, and which of its copies, counted from 1, where that is said."""

    name: str
    copy: int | None

    @classmethod
    def read(cls, text: str) -> Self:
        """The reference that the text is."""
        name, _, copy = text[1:].partition(".")
        return cls(name, int(copy)) if copy.isdecimal() else cls(text[1:], None)

    def chosen(self, folders: Folders) -> list[str]:
        """The folders of the copies that are meant."""
        copies = folders[self.name]
        return list(copies.values()) if self.copy is None else [copies[self.copy]]


def references(part: Any) -> Iterator[Reference]:
    """Every reference of a section, at any depth."""
    return (Reference.read(each.name) for each in named_models(part) if _refers(each.name))


def check_references(where: str, config: Spec, known: Mapping[str, Known]) -> None:
    """Raises Mistake where the config names a model or a copy that is not known, or not of the sort that is wanted.

    So it does where several are named and one is wanted.
    """
    for named in named_models(config):
        if _refers(named.name):
            _check(where, named, Reference.read(named.name), known)


def _check(where: str, named: Named, reference: Reference, known: Mapping[str, Known]) -> None:
    if reference.name not in known:
        raise Mistake(
            f"{where} refers to '@{reference.name}', which is not among the models before it: {sorted(known)}; add "
            f"models.{reference.name} with its `data`, and a `training`, a `datamodel` or a `regression`"
        )
    entry = known[reference.name]
    if entry.sort != named.sort:
        fitting = [f"'@{name}'" for name, other in known.items() if other.sort == named.sort]
        raise Mistake(
            f"{where} wants {named.sort.told} where it refers to '@{reference.name}', which is {entry.sort.told}; name "
            f"one of {', '.join(fitting)}"
            if fitting
            else f"{where} wants {named.sort.told} where it refers to '@{reference.name}', which is {entry.sort.told}; "
            "add one to the section `models`, before what refers to it"
        )
    if reference.copy is not None and not 1 <= reference.copy <= entry.copies:
        raise Mistake(
            f"{where} refers to copy {reference.copy} of '@{reference.name}', of which there are {entry.copies}; they "
            f"are counted from 1, and models.{reference.name}.copies says how many are made"
        )
    if named.is_one and reference.copy is None and entry.copies > 1:
        raise Mistake(
            f"{where} wants one model where it refers to '@{reference.name}', of which there are {entry.copies} "
            f"copies; name one of them, as in '@{reference.name}.1'"
        )


def resolved(config: S, folders: Folders) -> S:
    """The config with the folder of each model that it refers to, or in a list the folders of all its copies.

    Mistake where the folders do not go together, as one that is named twice.
    """

    def in_place_of(named: Named) -> list[str]:
        return Reference.read(named.name).chosen(folders) if _refers(named.name) else [named.name]

    try:
        found: S = with_names(config, in_place_of)
    except ValidationError as error:
        raise Mistake("; ".join(mistakes(error))) from error
    return found


def _refers(name: str) -> bool:
    return name.startswith("@")
