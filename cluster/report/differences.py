"""Differences: the keys in which the recipes of the arms are not equal, and the value of each arm."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cluster.report.schema import Arm

ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """One key of the recipe, as a dotted path, and its value in every arm; None where the arm does not have it."""

    path: str
    values: tuple[str | None, ...]


def differences(arms: Sequence[Arm]) -> tuple[Difference, ...]:
    """All keys that differ, in the order of the recipes; a section that an arm lacks, or of another kind, is one.

    Of such a section only what is not at its default is told.
    """
    return tuple(_differences("", [arm.recipe for arm in arms], [arm.stated for arm in arms]))


def told(value: Any) -> str:
    """A value of a config in one line: of a component the kind, and its parameters in brackets, no empty sections."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key}={told(each)}" for key, each in value.items() if key != "kind" and each != {})
        return f"{value.get('kind', '')}({inner})" if inner or "kind" not in value else str(value["kind"])
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(told(each) for each in value)}]"
    return value if isinstance(value, str) else json.dumps(value)


def _differences(path: str, values: Sequence[Any], stated: Sequence[Any]) -> list[Difference]:
    if all(value == values[0] for value in values):
        return []
    if not _are_one_section(values):
        return [Difference(path, tuple(map(_told, values, stated)))]
    keys = dict.fromkeys(key for value in values for key in value)
    return [
        difference
        for key in keys
        for difference in _differences(
            f"{path}.{key}".lstrip("."),
            [_inside(value, key) for value in values],
            [_inside(each, key) for each in stated],
        )
    ]


def _inside(value: Any, key: str) -> Any:
    return value.get(key, ABSENT) if isinstance(value, Mapping) else ABSENT


def _told(value: Any, stated: Any) -> str | None:
    """The value without defaults; of a component that is a default itself the kind."""
    if value is ABSENT or stated is not ABSENT:
        return None if value is ABSENT else told(stated)
    return told({"kind": value["kind"]} if isinstance(value, Mapping) and "kind" in value else value)


def _are_one_section(values: Sequence[Any]) -> bool:
    """Whether all of them are sections, of one kind where they have a kind."""
    return all(isinstance(value, Mapping) for value in values) and len({value.get("kind") for value in values}) == 1
