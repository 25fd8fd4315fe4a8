"""Ingest: input files become identified documents in the store, and what cannot be read goes to quarantine."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.location import base_name, public
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import BAD, GENRE, ID, TEXT
from pipelines.contracts.source import Source
from pipelines.passes.step_work import columns_of, text_bytes, total
from pipelines.passes.units import Attempt, Unit, bytes_together, neighbours
from pipelines.sources.reading.documents import identify
from pipelines.store.manifest import Shard, Stored, UnitRecord
from pipelines.store.store import digest
from pipelines.texts.arrays import one_array

LAYOUT = 2  # raised where the same files become other units or shards; 2: small units, shards cut by their text
SHARD_BYTES = 8 << 20  # of text; two of them share a unit of the steps of a large corpus
UNREADABLE = "unreadable_file"


def read_all(source: Source) -> pa.Table:
    """`id`, `text` and `genre` of a source that fits in memory (a held-out set, a selection target), in file order.

    Nothing may be missing from what a run is measured on: a row that cannot be read is a Mistake. A document without
    a genre has the genre "".
    """
    if source.quotas():
        raise Mistake(f"source '{source.kind}' is to be read whole here; give its files without a budget")
    tables = []
    for file in source.files():
        for rows, bad in _read(source, file):
            if bad.num_rows:
                first = bad.slice(0, 1).to_pylist()[0]
                raise Mistake(
                    f"'{first['file']}', line {first['line']}, cannot be read ({first['reason']}); a held-out set or "
                    "target has to be whole: mend the file"
                )
            tables.append(_id_text_genre(rows))
    if not sum(table.num_rows for table in tables):
        raise Mistake(f"source '{source.kind}' has no readable document; look at its path and text column")
    return pa.concat_tables(tables)


def file_units(source: Source) -> list[Unit]:
    """The input files as units by stored bytes: small neighbours share one, a large file that splits has several."""
    files = source.files()
    sizes = [source.size(file) for file in files]
    most = bytes_together(sizes)
    units: list[Unit] = []
    for number, run in enumerate(neighbours(sizes, most)):
        name = f"{number:05d}-{_names([files[place] for place in run])}"
        unit = Unit(name, files={files[at]: sizes[at] for at in run}, bytes=sum(sizes[at] for at in run))
        is_cut = sizes[run[0]] > most and source.splits(files[run[0]])
        units += _stretches(unit, -(-sizes[run[0]] // most)) if is_cut else [unit]
    return units


def _stretches(unit: Unit, count: int) -> list[Unit]:
    """The unit of one file as so many units of about equal bytes."""
    ((file, size),) = unit.files.items()
    edges = [size * number // count for number in range(count + 1)]
    return [
        Unit(f"{unit.name}-{number:04d}", files={file: size}, stretch=number, stretches=count, bytes=size)
        for number, size in enumerate(end - start for start, end in pairwise(edges))
    ]


def _names(files: Sequence[str]) -> str:
    """A digest of the files' own names: a build that goes on with other files does not take these for done."""
    return digest("\n".join(map(base_name, files)).encode())[:8]


@dataclass(frozen=True)
class IngestWork:
    """Reads the files of a unit into shards of at most SHARD_BYTES of text each; a longer document is one alone."""

    attempt: Attempt
    source: Source

    def open(self) -> Callable[[Unit], UnitRecord]:
        """The function that reads one unit; a source needs nothing loaded before."""
        return self._do

    def _do(self, unit: Unit) -> UnitRecord:
        started = time.monotonic()
        bad: dict[str, list[pa.Table]] = {file: [] for file in unit.files}
        shards: list[Shard] = []
        columns: list[dict[str, str]] = []
        for table in self._tables(unit, bad):
            columns.append(columns_of(table.schema))
            file = self.attempt.file(f"part-{unit.name}-{len(shards):04d}.parquet")
            shards.append(self.attempt.store.write_table(file, table, text_bytes(table)))
        lost = self._quarantine(unit, pa.concat_tables([BAD.empty_table(), *chain.from_iterable(bad.values())]))
        damaged = [file for file, tables in bad.items() if any(table["rows"].null_count for table in tables)]
        rows = sum(shard.rows for shard in shards)
        reasons = _sums(lost, "reason")
        record = UnitRecord(
            unit=unit.name,
            shards=shards,
            rows_in=rows + sum(reasons.values()),
            bytes_in=sum(shard.bytes for shard in shards),
            bad=reasons,
            bad_files=_sums(lost, "file"),
            file_bytes=unit.bytes,
            damaged_files={public(file): unit.files[file] for file in damaged},
            columns=columns,
            seconds=time.monotonic() - started,
        )
        return self.attempt.record(record)

    def _tables(self, unit: Unit, bad: dict[str, list[pa.Table]]) -> Iterator[pa.Table]:
        waiting: list[pa.Table] = []
        room = SHARD_BYTES
        for file in unit.files:
            for rows, unreadable in _read(self.source, file, unit.stretch, unit.stretches):
                bad[file].append(unreadable)
                while rows.num_rows:
                    fitting = _fitting(rows, room) if waiting and rows.schema == waiting[0].schema else 0
                    if waiting and not fitting:
                        yield pa.concat_tables(waiting)
                        waiting, room = [], SHARD_BYTES
                    waiting.append(rows.slice(0, fitting or max(1, _fitting(rows, room))))
                    rows = rows.slice(waiting[-1].num_rows)
                    room -= text_bytes(waiting[-1])
        if waiting:
            yield pa.concat_tables(waiting)

    def _quarantine(self, unit: Unit, rows: pa.Table) -> pa.Table:
        if not rows.num_rows:
            return rows
        out_of_reach = rows.filter(pc.equal(rows["reason"], UNREADABLE))
        if out_of_reach.num_rows:  # no fault of the data: the same command may read it another time
            told = out_of_reach.slice(0, 1).to_pylist()[0]
            raise Mistake(f"input file '{told['file']}' cannot be opened here ({told['excerpt']}); make it readable")
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.to_pylist())
        self.attempt.store.write(f"{self.attempt.address}/quarantine/{unit.name}.jsonl", lines.encode())
        return rows


class Losses(Stored):
    """What of the input could not be read, as the manifest of a source keeps it in its details.

    `bad_rows` are those of whole files, among `rows` there were; of a damaged file nobody can count the rows, so its
    stored bytes count, `damaged_bytes` among `bytes`. The worst file of each kind is named, "" where there is none.
    """

    rows: int
    bad_rows: int
    worst_file: str
    worst_rows: int
    bytes: int
    damaged_files: int
    damaged_bytes: int
    worst_damaged: str


def losses(records: Sequence[UnitRecord]) -> Losses:
    """The losses of all units together."""
    bad = Counter(total(record.bad_files for record in records))
    damaged = Counter(total(record.damaged_files for record in records))
    worst_file, worst_rows = next(iter(bad.most_common(1)), ("", 0))
    worst_damaged, _ = next(iter(damaged.most_common(1)), ("", 0))
    return Losses(
        rows=sum(record.rows_in for record in records),
        bad_rows=bad.total(),
        worst_file=worst_file,
        worst_rows=worst_rows,
        bytes=sum(record.file_bytes for record in records),
        damaged_files=len(damaged),
        damaged_bytes=damaged.total(),
        worst_damaged=worst_damaged,
    )


def check_bad_share(lost: Losses, max_bad_share: float, quarantine: str) -> None:
    """Raises Mistake naming the worst file where more than `max_bad_share` of the input could not be read.

    That is the share of bad rows, and the share in the stored bytes of files that are damaged.
    """
    if lost.damaged_bytes > max_bad_share * lost.bytes:
        told = f"{lost.damaged_files} damaged input files hold {lost.damaged_bytes} of {lost.bytes} bytes"
        worst = f"'{lost.worst_damaged}'"
    elif lost.bad_rows > max_bad_share * lost.rows:
        told = f"{lost.bad_rows} of {lost.rows} input rows cannot be read"
        worst = f"'{lost.worst_file}' with {lost.worst_rows} bad rows"
    else:
        return
    raise Mistake(
        f"{told}, more than data.max_bad_share={max_bad_share:g} allows; the worst file is {worst}; look at "
        f"'{quarantine}' for the reasons, then mend the input or raise the share"
    )


def _sums(bad: pa.Table, key: str) -> dict[str, int]:
    """The rows that bad entries stand for, by reason or file; one for an entry that lost nobody knows how many."""
    counted = pa.table({key: bad[key], "rows": pc.fill_null(bad["rows"], 1)})
    sums = counted.group_by(key).aggregate([("rows", "sum")])
    return dict(zip(sums[key].to_pylist(), sums["rows_sum"].to_pylist(), strict=True))


def _id_text_genre(rows: pa.Table) -> pa.Table:
    genre = rows[GENRE] if GENRE in rows.column_names else pa.nulls(rows.num_rows, pa.string())
    genre = pc.fill_null(pc.cast(genre, pa.string()), "")
    return pa.table([pc.cast(rows[ID], pa.string()), pc.cast(rows[TEXT], pa.large_string()), genre], [ID, TEXT, GENRE])


def _fitting(rows: pa.Table, room: int) -> int:
    """How many of the first rows have at most `room` bytes of text together."""
    ends = np.cumsum(pc.binary_length(one_array(rows[TEXT])).to_numpy(), dtype=np.int64)
    return int(np.searchsorted(ends, room, side="right"))


def _read(source: Source, file: str, stretch: int = 0, stretches: int = 1) -> Iterator[tuple[pa.Table, pa.Table]]:
    name = base_name(file)
    for read in source.read(file) if stretches == 1 else source.read_stretch(file, stretch, stretches):
        yield identify(read.rows, name), read.bad
