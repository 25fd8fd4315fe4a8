"""Documents from JSON lines, one object a line."""

import functools
from collections.abc import Collection, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import orjson
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.location import public
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, Read
from pipelines.contracts.source import Source
from pipelines.sources.reading import files
from pipelines.sources.reading.documents import Bad, free_name, further_down, only_bad, with_text
from pipelines.sources.reading.files import Lines
from pipelines.sources.reading.listing import Paths, described, listed, warn_of_others

SUFFIXES = (".jsonl", ".ndjson")
CHECKED_ROWS = 100
MOST_COLUMNS = 1000  # of a file; a column costs a batch 160 kB of numbers, whether or not its rows have the key
OTHER_KEYS = "other_keys"


class Jsonl(Source):
    """Reads JSON lines, plain or compressed (`.gz`, `.zst`), from a file, a folder, a glob, or any fsspec URL of those.

    The string under the key `text` becomes the document; every other key of a row becomes a column. Within a batch a
    column keeps the type of its scalars; one that holds objects, lists, unlike types or integers beyond 64 bits with
    sign becomes text: strings as they are, all else as JSON. Blank lines are passed over. The first 1,000 keys of a
    file, or of a stretch of a large one, become columns; what a row has under later ones stands, as one JSON object, in
    the column `other_keys`.
    """

    version: ClassVar[int] = 2  # 2: keys beyond MOST_COLUMNS share a column

    path: Paths
    text: str = Field(TEXT, min_length=1)

    def files(self) -> list[str]:
        """Every file, sorted; Mistake where a path names none."""
        return listed(self.path, SUFFIXES)

    def fingerprint(self) -> dict[str, str]:
        """One digest over the names and contents of the files."""
        return {"files": files.fingerprint(described(self.path, SUFFIXES))}

    def check(self) -> None:
        """Mistake where there is no file, or none of the first 100 rows of the first file has the text."""
        first = self.files()[0]
        warn_of_others(self.path, SUFFIXES, self.kind)
        names = _first_keys(first)
        if names and self.text not in names:
            raise Mistake(
                f"no key '{self.text}' in the rows of '{public(first)}', they have {sorted(names)}; "
                "set the source's `text` to the key that holds the document"
            )

    def read(self, file: str) -> Iterator[Read]:
        """The documents of a file in order; bad rows are broken_json, not_utf8, not_an_object, no_text and empty.

        A compressed file that ends early gives its whole lines, then one bad row truncated_file.
        """
        yield from self._documents(file, files.line_batches(file))

    def splits(self, file: str) -> bool:
        """True for a file that is not compressed."""
        return not files.is_packed(file)

    def read_stretch(self, file: str, number: int, count: int) -> Iterator[Read]:
        """The documents of the lines that begin in the stretch; each has its own first 1,000 keys."""
        reads = self._documents(file, files.lines_of_stretch(file, number, count))
        return further_down(reads, functools.partial(files.lines_before, file, number, count))

    def _documents(self, file: str, batches: Iterator[Lines]) -> Iterator[Read]:
        keys: dict[str, None] = {}
        try:
            for first, _, lines in batches:
                yield self._parsed(file, first, lines, keys)
        except files.DamagedError as damage:
            yield only_bad(file, Bad(damage.line, damage.reason, damage.detail, None))

    def _parsed(self, file: str, first: int, lines: list[bytes], keys: dict[str, None]) -> Read:
        """The documents of the lines; `keys` are those that are columns in this file, and new ones are added to it."""
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        bad: list[Bad] = []
        for number, line in enumerate(lines, first):
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                if line.strip():
                    bad.append(Bad(number, _fault(line), line))
                continue
            if isinstance(row, dict):
                rows.append(row)
                numbers.append(number)
            else:
                bad.append(Bad(number, "not_an_object", line))
        return with_text(_table(rows, self.text, keys), np.array(numbers, np.int64), file, bad)


def _fault(line: bytes) -> str:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8"
    return "broken_json"


def _table(rows: Sequence[dict[str, Any]], text: str, known: dict[str, None]) -> pa.Table:
    """The rows as columns, `text` first; a text that is no string is null. At most MOST_COLUMNS keys become `known`."""
    texts = [row.get(text) for row in rows]
    columns = {TEXT: pa.array([value if isinstance(value, str) else None for value in texts], pa.string())}
    keys = {key: None for row in rows for key in row if key != text}
    for key in keys:
        if key in known or len(known) < MOST_COLUMNS:
            known[key] = None
            name = free_name(key, {*keys, text}) if key == TEXT else key
            columns[name] = _column([row.get(key) for row in rows])
    if not keys.keys() <= known.keys():
        as_columns = {text, *known}
        name = free_name(OTHER_KEYS, {*keys, text}) if OTHER_KEYS in columns else OTHER_KEYS
        columns[name] = pa.array([_others(row, as_columns) for row in rows], pa.string())
    return pa.table(columns)


def _others(row: dict[str, Any], known: Collection[str]) -> str | None:
    """What the row has under keys that are no columns, as JSON; None where it has nothing."""
    others = {key: value for key, value in row.items() if key not in known}
    return orjson.dumps(others).decode() if others else None


def _column(values: list[Any]) -> pa.Array:
    if {type(value) for value in values}.isdisjoint((dict, list)):
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            pass
    return pa.array(
        [value if value is None or isinstance(value, str) else orjson.dumps(value).decode() for value in values],
        pa.string(),
    )


def _first_keys(file: str) -> set[str]:
    """The keys of the first rows of a file, as far as it can be read."""
    names: set[str] = set()
    try:
        for _, _, lines in files.line_batches(file, batch_bytes=files.RAW_BYTES):
            for line in lines[:CHECKED_ROWS]:
                try:
                    row = orjson.loads(line)
                except orjson.JSONDecodeError:
                    continue
                names.update(row if isinstance(row, dict) else ())
            break
    except files.DamagedError:
        pass
    return names
