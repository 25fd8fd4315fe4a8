"""Documents from Parquet files."""

import itertools
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from pipelines.contracts.location import public
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, Read
from pipelines.contracts.source import Source
from pipelines.sources.reading import files
from pipelines.sources.reading.documents import Bad, free_name, only_bad, with_text
from pipelines.sources.reading.listing import Paths, described, listed, warn_of_others
from pipelines.sources.reading.plain import plain, valid
from pipelines.texts.arrays import one_array

SUFFIXES = (".parquet",)
BATCH_BYTES = 8 << 20
PIECE_ROWS = 256  # read at once: what a dictionary stores once can be decoded as often as there are rows


class Parquet(Source):
    """Reads Parquet from a file, a folder, a glob, or any fsspec URL of those, one row group after the other.

    The column `text` becomes the document, all others are kept, or only those in `columns`; view types become plain
    ones, and what is no UTF-8 in other columns becomes U+FFFD.
    """

    version: ClassVar[int] = 2  # 2: strings of other columns are UTF-8, ids of bytes are text

    path: Paths
    text: str = Field(TEXT, min_length=1)
    columns: tuple[str, ...] | None = None

    def files(self) -> list[str]:
        """Every file, sorted; Mistake where a path names none."""
        return listed(self.path, SUFFIXES)

    def fingerprint(self) -> dict[str, str]:
        """One digest over the names and contents of the files."""
        return {"files": files.fingerprint(described(self.path, SUFFIXES))}

    def check(self) -> None:
        """Mistake where there is no file, or the first one that opens has not the columns; a corrupt one passes."""
        first = self.files()[0]
        warn_of_others(self.path, SUFFIXES, self.kind)
        try:
            with files.opened(first) as stream:
                schema = pq.read_schema(stream)
        except (*files.UNREADABLE, pa.ArrowException, OSError) as error:
            _raise_unless_corrupt(error)
            return
        if twice := _repeated(schema.names):
            raise Mistake(f"'{public(first)}' has the column '{twice}' twice; write it with one column of that name")
        missing = [name for name in (self.text, *(self.columns or ())) if schema.get_field_index(name) < 0]
        if missing:
            parameter = "text" if self.text in missing else "columns"
            raise Mistake(
                f"no column '{missing[0]}' in '{public(first)}', it has {schema.names}; set the source's `{parameter}` "
                "to what is there"
            )
        if not _holds_text(schema.field(self.text).type):
            texts = [field.name for field in schema if _holds_text(field.type)]
            raise Mistake(
                f"column '{self.text}' of '{public(first)}' holds {schema.field(self.text).type} and no text; set the "
                f"source's `text` to one of the columns of text: {texts}"
            )

    def read(self, file: str) -> Iterator[Read]:
        """The documents of a file in order, `line` being the 1-based row in bad rows.

        A file without a readable footer is corrupt_parquet, the rest of a row group that fails is corrupt_row_group and
        the next ones are read; single rows are no_text, empty or not_utf8.
        """
        return self.read_stretch(file, 0, 1)

    def splits(self, file: str) -> bool:
        """True: a stretch is some of the row groups."""
        return True

    def read_stretch(self, file: str, number: int, count: int) -> Iterator[Read]:
        """The documents of the row groups in the stretch; a file that cannot be read at all is a bad row of each."""
        try:
            with files.opened(file) as stream, pq.ParquetFile(stream, page_checksum_verification=True) as parquet:
                yield from self._row_groups(file, parquet, number, count)
        except files.UNREADABLE as error:
            yield only_bad(file, Bad(None, "unreadable_file", f"{type(error).__name__}: {error}", None))
        except (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError) as error:
            _raise_unless_corrupt(error)
            yield only_bad(file, Bad(None, "corrupt_parquet", str(error), None))

    def _row_groups(self, file: str, parquet: pq.ParquetFile, number: int, count: int) -> Iterator[Read]:
        if parquet.schema_arrow.get_field_index(self.text) < 0:
            yield only_bad(file, Bad(None, "no_text_column", f"its columns are {parquet.schema_arrow.names}", None))
            return
        if twice := _repeated(parquet.schema_arrow.names):
            yield only_bad(file, Bad(None, "repeated_column", f"it has the column '{twice}' twice", None))
            return
        groups = parquet.num_row_groups
        rows = (parquet.metadata.row_group(group).num_rows for group in range(groups))
        starts = list(itertools.accumulate(rows, initial=1))
        for group in range(groups * number // count, groups * (number + 1) // count):
            row, end = starts[group], starts[group + 1]
            try:
                for rows in self._rows(parquet, group):
                    yield self._documents(file, rows, row)
                    row += rows.num_rows
            except (pa.ArrowException, OSError, MemoryError) as error:
                _raise_unless_corrupt(error)
                yield only_bad(file, Bad(row, "corrupt_row_group", f"row group {group}: {error}", end - row))

    def _rows(self, parquet: pq.ParquetFile, group: int) -> Iterator[pa.Table]:
        about = parquet.metadata.row_group(group)
        stored_row_bytes = max(about.total_byte_size // max(about.num_rows, 1), 1)
        batches = parquet.iter_batches(
            batch_size=min(max(BATCH_BYTES // stored_row_bytes, 1), PIECE_ROWS),
            row_groups=[group],
            columns=None if self.columns is None else [self.text, *self.columns],
            use_threads=False,
        )
        waiting: list[pa.Table] = []
        size = 0
        for batch in batches:
            waiting.append(plain(pa.table(batch)))
            size += waiting[-1].nbytes
            if size >= BATCH_BYTES:
                yield pa.concat_tables(waiting)
                waiting, size = [], 0
        if waiting:
            yield pa.concat_tables(waiting)

    def _documents(self, file: str, rows: pa.Table, first_row: int) -> Read:
        lines = np.arange(first_row, first_row + rows.num_rows)
        raw = one_array(rows.column(self.text))
        texts, broken = _strings(raw)
        columns = {TEXT: texts}
        for name in rows.column_names:
            if name != self.text:
                columns[free_name(name, {*rows.column_names}) if name == TEXT else name] = valid(rows.column(name))
        table = pa.table(columns)
        if not broken:
            return with_text(table, lines, file)
        bad = [Bad(int(lines[row]), "not_utf8", raw[row].cast(pa.binary()).as_py()) for row in broken]
        kept = np.delete(np.arange(rows.num_rows), broken)
        return with_text(table.take(kept), lines[kept], file, bad)


def _repeated(names: Sequence[str]) -> str | None:
    """The first name that is there more than once."""
    return next((name for place, name in enumerate(names) if name in names[:place]), None)


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _strings(values: pa.Array) -> tuple[pa.Array, list[int]]:
    """The values as valid UTF-8 strings, and the positions of those that are none (null in the result).

    Parquet does not promise that its strings are UTF-8, and nothing checks them on reading.
    """
    if not _holds_text(values.type):
        return pa.nulls(len(values), pa.string()), []
    raw = values.cast(pa.binary())
    try:
        return raw.cast(pa.string()), []
    except pa.ArrowInvalid:
        broken = [row for row, value in enumerate(raw.to_pylist()) if not _is_utf8(value)]
    keep = np.ones(len(raw), dtype=bool)
    keep[broken] = False
    return pc.if_else(pa.array(keep), raw, None).cast(pa.string()), broken


def _is_utf8(value: bytes | None) -> bool:
    try:
        (value or b"").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _raise_unless_corrupt(error: BaseException) -> None:
    """Raises `error` again where the system or the network is at fault; Arrow's errors about content have no errno."""
    if isinstance(error, OSError) and not isinstance(error, files.UNREADABLE) and error.errno is not None:
        raise error
