"""From raw rows to documents: which rows hold a text, what each document's id and source are, and how bad rows look."""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipelines.contracts.location import public
from pipelines.contracts.rows import BAD, GENRE, ID, SOURCE, TEXT, Read
from pipelines.texts.arrays import bytes_and_offsets, one_array
from pipelines.texts.showing import shown

EXCERPT_CHARACTERS = 200
KEPT_ASIDE = "source_"  # before the name of a raw column that would stand in the place of one of ours


class Bad(NamedTuple):
    """What could not be read: its 1-based line or row, a snake_case reason, what it looks like, how many rows it is."""

    line: int | None
    reason: str
    content: str | bytes
    rows: int | None = 1


def bad_rows(file: str, rows: Sequence[Bad]) -> pa.Table:
    """The rows in the schema BAD, with printable excerpts of at most 200 characters."""
    columns = {
        "file": [public(file)] * len(rows),
        "line": [row.line for row in rows],
        "reason": [row.reason for row in rows],
        "excerpt": [excerpt(row.content) for row in rows],
        "rows": [row.rows for row in rows],
    }
    return pa.table(columns, schema=BAD)


def only_bad(file: str, bad: Bad) -> Read:
    """A batch without documents that holds one bad row, what an error said of it told without the secrets of URLs."""
    if isinstance(bad.content, str):
        bad = bad._replace(content=public(bad.content))
    return Read(rows=pa.table({TEXT: pa.array([], pa.string())}), bad=bad_rows(file, [bad]))


def excerpt(content: str | bytes) -> str:
    """The first 200 characters; what cannot be printed is shown as an escape or a space."""
    if isinstance(content, bytes):
        content = content[:EXCERPT_CHARACTERS].decode("utf-8", "backslashreplace")
    shown = "".join(character if character.isprintable() else " " for character in content[:EXCERPT_CHARACTERS])
    return shown[:EXCERPT_CHARACTERS]


def with_text(rows: pa.Table, lines: npt.NDArray[np.int64], file: str, bad: Sequence[Bad] = ()) -> Read:
    """The rows whose `text` holds something, in order; the others as no_text (null) or empty (nothing but white space).

    `lines` (n,) are the rows' 1-based numbers in the file, `bad` what could not even become a row.
    """
    text = one_array(rows.column(TEXT))
    blank = pc.or_(pc.equal(pc.binary_length(text), 0), pc.utf8_is_space(text))
    kept = pc.fill_null(pc.invert(blank), False)
    if pc.all(kept, min_count=0).as_py():
        return Read(rows=rows, bad=bad_rows(file, bad))
    dropped = rows.filter(pc.invert(kept))
    numbers = lines[~kept.to_numpy(zero_copy_only=False)]
    without = [
        Bad(int(line), "no_text" if row[TEXT] is None else "empty", str({**row, TEXT: (row[TEXT] or "")[:20]}))
        for line, row in zip(numbers, shown(dropped), strict=True)
    ]
    return Read(rows=rows.filter(kept), bad=bad_rows(file, [*bad, *without]).sort_by("line"))


def further_down(reads: Iterable[Read], lines_before: Callable[[], int]) -> Iterator[Read]:
    """The batches, their bad rows so many lines further down in the file; the number is asked for where one is told."""
    before = functools.cache(lines_before)
    for read in reads:
        if read.bad["line"].null_count == read.bad.num_rows:
            yield read
            continue
        lines = pc.add(read.bad["line"], before())
        yield Read(read.rows, read.bad.set_column(BAD.get_field_index("line"), BAD.field("line"), lines))


def identify(rows: pa.Table, source_name: str) -> pa.Table:
    """The rows as documents: columns `id`, `text`, `source`, then the others.

    `id` is the xxh3-128 of the text's UTF-8 bytes in 32 hexadecimal digits. `source` is the row's own column of that
    name where it has one, else `source_name`. A raw column `id` goes on as `source_id`, as a string; a `genre` is a
    string too, and one that holds lists or records, which is none, goes on as `source_genre`.
    """
    texts = one_array(rows.column(TEXT)).cast(pa.string())
    documents = {ID: content_ids(texts), TEXT: texts, SOURCE: _sources(rows, source_name)}
    taken = {*documents, *rows.column_names}
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        is_told = _is_one_value(column.type)
        if name == TEXT or (name == SOURCE and is_told):
            continue
        makes_room = name in (ID, SOURCE) or (name == GENRE and not is_told)
        documents[free_name(name, taken) if makes_room else name] = (
            _as_text(column) if name in (ID, GENRE) and is_told else column
        )
    return pa.table(documents)


def free_name(name: str, taken: set[str]) -> str:
    """A name for a raw column that has to make room: `source_` before it, as often as it takes to be free."""
    name = KEPT_ASIDE + name
    while name in taken:
        name = KEPT_ASIDE + name
    return name


def content_ids(texts: pa.Array) -> pa.Array:
    """(n,) strings of 32 hexadecimal digits, the xxh3-128 of each text's UTF-8 bytes."""
    data, offsets = bytes_and_offsets(texts)
    view, digest = data.data, xxhash.xxh3_128_hexdigest
    return pa.array([digest(view[start:end]) for start, end in itertools.pairwise(offsets.tolist())], pa.string())


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as strings: of UUIDs their text, of other bytes their hexadecimal digits."""
    kind = column.type
    if isinstance(kind, pa.UuidType):
        return _written(column, str)
    if isinstance(kind, pa.BaseExtensionType):
        return _as_text(column.cast(kind.storage_type))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _written(column, bytes.hex)
    return column.cast(pa.string())


def _written(column: pa.ChunkedArray, write: Callable[[Any], str]) -> pa.ChunkedArray:
    texts = [None if value is None else write(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _is_one_value(kind: pa.DataType) -> bool:
    """Whether a cell holds one value that can be written as text."""
    return not (pa.types.is_nested(kind) or pa.types.is_interval(kind))


def _sources(rows: pa.Table, source_name: str) -> pa.Array | pa.ChunkedArray:
    if SOURCE not in rows.column_names or not _is_one_value(rows.schema.field(SOURCE).type):
        return pa.repeat(pa.scalar(source_name, pa.string()), rows.num_rows)
    return pc.fill_null(_as_text(rows.column(SOURCE)), source_name)
