"""Rows of JSON lines, each of which has to become an item: a task with a hole in it would measure something else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from pipelines.contracts.location import public
from pipelines.contracts.mistakes import Mistake, named
from pipelines.contracts.task import Item
from pipelines.sources.reading.files import DamagedError, line_batches

CURE = "a task has to be whole: mend the file"


class WrongRowError(Exception):
    """A row of which no item can be made; the text says why."""


@dataclass(frozen=True)
class Row:
    """The values of a row by key; what is asked for and is not there is a WrongRowError."""

    values: Mapping[str, Any]

    def text(self, key: str) -> str:
        """The text under the key, as it is; it holds something."""
        return _text(self._value(key), key)

    def texts(self, key: str) -> list[str]:
        """The two or more texts of the list under the key."""
        value = self._value(key)
        if not isinstance(value, list) or len(value) < 2:
            raise WrongRowError(f"`{key}` is {named(value)}, and has to be a list of two or more texts")
        return [_text(each, f"{key}.{place}") for place, each in enumerate(value)]

    def place(self, key: str, count: int) -> int:
        """The whole number under the key, from 0 to below `count`."""
        value = self._value(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < count:
            raise WrongRowError(f"`{key}` is {named(value)}, and has to be a whole number from 0 to {count - 1}")
        return value

    def _value(self, key: str) -> Any:
        if key not in self.values:
            raise WrongRowError(f"there is no `{key}`, only {', '.join(sorted(self.values)) or 'an empty object'}")
        return self.values[key]


def read_items(files: Sequence[str], item_of: Callable[[Row], Item]) -> dict[str, Item]:
    """The items of all rows by id, equal ones once; blank lines are passed over.

    Mistake naming the file and the line of a row of which no item can be made, or of damage.
    """
    found: dict[str, Item] = {}
    for file in files:
        for line, content in _lines(file):
            try:
                item = item_of(_row(content))
            except WrongRowError as wrong:
                raise Mistake(f"'{public(file)}', line {line}: {wrong}; {CURE}") from None
            found[item.id] = item
    return found


def _lines(file: str) -> Iterator[tuple[int, bytes]]:
    try:
        for first, _, lines in line_batches(file):
            yield from ((number, line) for number, line in enumerate(lines, first) if line.strip())
    except DamagedError as damage:
        told = f"{damage.reason}: {public(damage.detail)}"
        raise Mistake(f"'{public(file)}', line {damage.line}, cannot be read ({told}); {CURE}") from None


def _row(content: bytes) -> Row:
    try:
        values = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise WrongRowError(f"this is no JSON ({error})") from None
    if not isinstance(values, dict):
        raise WrongRowError(f"this is {named(values)}, and has to be an object with keys")
    return Row(values)


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise WrongRowError(f"`{key}` is {named(value)}, and has to be a text")
    if not value.strip():
        raise WrongRowError(f"`{key}` is empty")
    return value
