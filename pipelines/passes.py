"""One pass over a stored dataset by Ray Data: units of work in, records of finished units out.

A unit is a whole shard, one of its row groups, or a group of input files. Ray Data maps the units over tasks or an
actor pool; the rows themselves are read, worked on and written by the worker and never pass through the driver or
the object store. A finished unit is recorded in the store before its record is returned, so a later build of the
same address, after a kill at any moment, does only what is missing.
"""

import functools
import json
import os
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.contracts import ROW, SHARD, TEXT, Resources
from pipelines.step import Place, StepFn
from pipelines.store import Manifest, Store, UnitRecord

if TYPE_CHECKING:
    import ray
    import ray.data

SAMPLES_PER_UNIT = 3
EXAMPLES_PER_REASON = 2
SAMPLE_CHARACTERS = 2_000
RECORD = "record"
UNIT = "unit"

# On a thread Ray Data learns a round of its loop later, 0.1 s, that a task is done, and its core waits for the next.
os.environ.setdefault("RAY_DATA_METADATA_PREFETCH_ON_THREAD", "0")


@dataclass(frozen=True)
class Unit:
    """A piece of work: rows of one stored shard (all row groups, or the one given), or input files and their bytes."""

    name: str
    shard: int = -1
    row_group: int | None = None
    files: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """The folder in which one builder of an address writes; nothing refers to it until a unit is recorded."""

    store: Store
    address: str
    name: str

    @classmethod
    def begin(cls, store: Store, address: str) -> "Attempt":
        """A new attempt with a folder name of its own."""
        return cls(store, address, uuid.uuid4().hex[:8])

    def file(self, name: str) -> str:
        """The path inside the store of a file of this attempt."""
        return f"{self.address}/{self.name}/{name}"

    def record(self, record: UnitRecord) -> UnitRecord:
        """The unit counts as done from now on."""
        self.store.write(f"{self.address}/units/{record.unit}.json", record.model_dump_json().encode())
        return record


class Work(Protocol):
    """What a pass does to one unit; loaded once in each worker, picklable before that."""

    def open(self) -> Callable[[Unit], UnitRecord]:
        """Loads what the work needs and returns the function that does one unit."""


def shard_units(manifest: Manifest) -> list[Unit]:
    """One unit a shard."""
    return [Unit(f"{number:05d}", number) for number in range(len(manifest.shards))]


def row_group_units(manifest: Manifest) -> list[Unit]:
    """One unit a row group, for work so slow that a whole shard is too much to lose."""
    return [
        Unit(f"{number:05d}-{group:04d}", number, group)
        for number, shard in enumerate(manifest.shards)
        for group in range(shard.row_groups)
    ]


def run(attempt: Attempt, units: Sequence[Unit], work: Work, resources: Resources) -> list[UnitRecord]:
    """All units are done and recorded; returns their records in the order of the units.

    Units that an earlier attempt recorded are not done again.
    """
    done = attempt.store.unit_records(attempt.address)
    missing = [unit for unit in units if unit.name not in done]
    for record in _map(missing, work, resources):
        done[record.unit] = record
    return [done[unit.name] for unit in units]


def rows(store: Store, manifest: Manifest, columns: Sequence[str]) -> "ray.data.Dataset":
    """The dataset as a Ray Dataset of these columns and each row's SHARD and ROW: what a global `fit` looks at."""
    reader = functools.partial(_read_columns, store, manifest, list(columns))
    return _dataset(shard_units(manifest)).map_batches(reader, batch_size=1, batch_format="pyarrow")


def read_unit(store: Store, manifest: Manifest, unit: Unit) -> tuple[pa.Table, Place]:
    """The rows of a unit, checked against the manifest's checksum, and where they stand."""
    file = pq.ParquetFile(pa.BufferReader(store.read_shard(manifest.shards[unit.shard])))
    if unit.row_group is None:
        return file.read(), Place(unit.shard, 0)
    first = sum(file.metadata.row_group(group).num_rows for group in range(unit.row_group))
    return file.read_row_group(unit.row_group), Place(unit.shard, first)


def text_bytes(table: pa.Table) -> int:
    """UTF-8 bytes of the text column."""
    return int(pc.sum(pc.binary_length(table[TEXT])).as_py() or 0)


@dataclass(frozen=True)
class StepWork:
    """The work of a row-local step: a unit of a stored dataset through `apply`, the kept rows into a shard."""

    attempt: Attempt
    manifest: Manifest
    suffix: str
    opener: Callable[[], StepFn]

    def open(self) -> Callable[[Unit], UnitRecord]:
        """Opens the step once for all units of a worker."""
        return functools.partial(self._do, self.opener())

    def _do(self, apply: StepFn, unit: Unit) -> UnitRecord:
        started = time.monotonic()
        table, place = read_unit(self.attempt.store, self.manifest, unit)
        outcome = apply(table, place)
        bytes_in, shards = text_bytes(table), []
        if outcome.rows.num_rows:
            file = self.attempt.file(f"part-{unit.name}.{self.suffix}")
            kept_bytes = text_bytes(outcome.rows) if TEXT in outcome.rows.column_names else bytes_in
            shards.append(self.attempt.store.write_table(file, outcome.rows, kept_bytes))
        if outcome.dropped.num_rows:
            file = self.attempt.file(f"dropped-{unit.name}.parquet")
            self.attempt.store.write_table(file, outcome.dropped, 0)
        record = UnitRecord(
            unit=unit.name,
            shards=shards,
            rows_in=table.num_rows,
            bytes_in=bytes_in,
            dropped=count_values(outcome.dropped["reason"]),
            counts=outcome.counts,
            samples=_samples(outcome.samples),
            examples=_examples(outcome.dropped),
            columns=[columns_of(outcome.rows.schema)] if shards else [],
            seconds=time.monotonic() - started,
        )
        return self.attempt.record(record)


def count_values(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each value occurs."""
    return {entry["values"]: entry["counts"] for entry in pc.value_counts(column).to_pylist()}


def total(counts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The sum of counters, keys in order."""
    result: Counter[str] = Counter()
    for count in counts:
        result.update(count)
    return dict(sorted(result.items()))


def columns_of(schema: pa.Schema) -> dict[str, str]:
    """The columns' types by their names."""
    return {field.name: str(field.type) for field in schema}


def _samples(samples: pa.Table) -> list[dict[str, str]]:
    rows = samples.slice(0, SAMPLES_PER_UNIT).to_pylist()
    return [{key: value[:SAMPLE_CHARACTERS] for key, value in row.items()} for row in rows]


def _examples(dropped: pa.Table) -> list[dict[str, str]]:
    seen: Counter[str] = Counter()
    examples = []
    for row in dropped.slice(0, 200).to_pylist():
        seen[row["reason"]] += 1
        if seen[row["reason"]] <= EXAMPLES_PER_REASON:
            examples.append({key: str(value or "")[:300] for key, value in row.items()})
    return examples


def _dataset(units: Sequence[Unit]) -> "ray.data.Dataset":
    import ray.data

    items = [{UNIT: json.dumps(asdict(unit))} for unit in units]
    return ray.data.from_items(items, override_num_blocks=len(items))


def _units(batch: pa.Table) -> Iterator[Unit]:
    for text in batch[UNIT].to_pylist():
        yield Unit(**json.loads(text))


def _map(units: Sequence[Unit], work: Work, resources: Resources) -> Iterator[UnitRecord]:
    if not units:
        return
    import ray

    shared = ray.put(work)
    options: dict[str, Any] = {"num_cpus": resources.cpus, "num_gpus": resources.gpus or None}
    if resources.workers:
        pool = ray.data.ActorPoolStrategy(min_size=1, max_size=min(resources.workers, len(units)))
        options |= {"compute": pool, "fn_constructor_args": (shared,)}
    else:
        options |= {"fn_args": (shared,)}
    worker: Any = _Worker if resources.workers else _run_task
    records = _dataset(units).map_batches(worker, batch_size=1, batch_format="pyarrow", **options)
    try:
        for record in records.iter_rows():
            yield UnitRecord.model_validate_json(record[RECORD])
    except ray.exceptions.RayTaskError as error:
        raise explained(error) from error


def explained(error: Exception) -> Exception:
    """A worker's ValueError or OSError as one sentence; any other error of a worker is a fault and stays as it is.

    Ray Data keeps an error's text and drops its type, so it is told by its line in the worker's traceback.
    """
    told = re.search(r"^(ValueError|(?:OS|Permission|FileNotFound|NotADirectory)Error): (.+)$", str(error), re.M)
    if told is None:
        return error
    if told[1] == "ValueError":
        return ValueError(told[2])
    return ValueError(
        f"a worker could not read or write: {told[2]}; what was finished is kept: mend that and run the same command "
        "again"
    )


def _finish(do: Callable[[Unit], UnitRecord], batch: pa.Table) -> pa.Table:
    return pa.table({RECORD: [do(unit).model_dump_json() for unit in _units(batch)]})


class _Worker:
    """An actor of a pool: the work is opened when the actor starts."""

    def __init__(self, work: "ray.ObjectRef") -> None:
        import ray

        self._do = ray.get(work).open()

    def __call__(self, batch: pa.Table) -> pa.Table:
        return _finish(self._do, batch)


def _run_task(batch: pa.Table, work: "ray.ObjectRef") -> pa.Table:
    return _finish(_opened(work), batch)


@functools.lru_cache(maxsize=1)
def _opened(work: "ray.ObjectRef") -> Callable[[Unit], UnitRecord]:
    import ray

    return ray.get(work).open()


def _read_columns(store: Store, manifest: Manifest, columns: list[str], batch: pa.Table) -> Iterator[pa.Table]:
    for unit in _units(batch):
        with store.filesystem.open(store.path(manifest.shards[unit.shard].file), "rb") as file:
            table = pq.read_table(file, columns=columns)
        shard = pa.array(np.full(table.num_rows, unit.shard, dtype=np.int32))
        row = pa.array(np.arange(table.num_rows, dtype=np.int64))
        yield table.append_column(SHARD, shard).append_column(ROW, row)
