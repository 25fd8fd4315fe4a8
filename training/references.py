"""References: a component that needs a model can name one of the run's section `models`, as "@name".

The run makes it first and puts the model's folder in the reference's place, so that the floor below only ever opens
folders. The folder's name holds the address of the model, which is part of every address that depends on it, so these
are known before it is made. Where a list of models is wanted, the name of an entry with copies stands for all of them.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake

ONE, SEVERAL = "model", "models"

S = TypeVar("S", bound=Spec)


def references(tree: Any) -> Iterator[str]:
    """The name behind every "@" under a key `model`, or in a list under a key `models`, at any depth."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if key == ONE and _is_reference(value):
                yield value[1:]
            elif key == SEVERAL and isinstance(value, list | tuple):
                yield from (each[1:] for each in value if _is_reference(each))
            else:
                yield from references(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from references(value)


def check_references(where: str, config: Spec, known: Mapping[str, int]) -> None:
    """Raises Mistake where the config names a model that is not known, or one of several copies where one is wanted.

    `known` says of each model how many copies there are.
    """
    tree = config.model_dump()
    for name in references(tree):
        if name not in known:
            raise Mistake(
                f"{where} refers to '@{name}', which is not among the models before it: {sorted(known)}; add "
                f"models.{name} with its `data`, and a `training` or a `datamodel`"
            )
    for name in _single_references(tree):
        if known[name] > 1:
            raise Mistake(
                f"{where} wants one model where it refers to '@{name}', of which there are {known[name]} copies; leave "
                f"out models.{name}.copies, or refer to another model"
            )


def resolved(config: S, folders: Mapping[str, Sequence[str]]) -> S:
    """The config with the folder of each model that it refers to, or in a list the folders of all its copies."""
    return type(config).model_validate(_replaced(config.model_dump(), folders))


def _single_references(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from [value[1:]] if key == ONE and _is_reference(value) else _single_references(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _single_references(value)


def _replaced(tree: Any, folders: Mapping[str, Sequence[str]]) -> Any:
    if isinstance(tree, Mapping):
        return {key: _in_place_of(key, value, folders) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_replaced(value, folders) for value in tree]
    return tree


def _in_place_of(key: Any, value: Any, folders: Mapping[str, Sequence[str]]) -> Any:
    if key == ONE and _is_reference(value):
        return folders[value[1:]][0]
    if key == SEVERAL and isinstance(value, list | tuple):
        several = (folders[each[1:]] if _is_reference(each) else [each] for each in value)
        return list(itertools.chain.from_iterable(several))
    return _replaced(value, folders)


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("@")
