"""Units of work: what a pass hands to a worker, and where the worker writes."""

import itertools
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.contracts.step import Place
from pipelines.store.manifest import Manifest, UnitRecord
from pipelines.store.store import ROW_GROUP_ROWS, Store

if TYPE_CHECKING:
    import ray
    import ray.data


UNIT = "unit"
UNIT_BYTES = 16 << 20
LEAST_BYTES = 1 << 20  # less is not worth what a unit costs: 10 to 40 ms of the driver, a record, and a shard
MANY_UNITS = 64
BLOCKS_PER_CPU = 2
UNITS_PER_BLOCK = 16


@dataclass(frozen=True)
class Unit:
    """A piece of work: `shards` stored shards from `shard` on, a row group of one, or input files and their bytes.

    Of a single file it can be one of its `stretches`, and then the bytes are those of the stretch. `bytes` is how much
    work it is: those of the texts, or of the files as they are stored.
    """

    name: str
    shard: int = -1
    shards: int = 1
    row_group: int | None = None
    files: dict[str, int] = field(default_factory=dict)
    stretch: int = 0
    stretches: int = 1
    bytes: int = 0


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
        """The record is in the store, and with it the unit counts as done."""
        self.store.write(f"{self.address}/units/{record.unit}.json", record.model_dump_json().encode())
        return record


def shard_units(manifest: Manifest) -> list[Unit]:
    """The units of a stored dataset: neighbouring small shards share one, a shard that is large is one by itself.

    So the shards of a step that keeps little are merged by the next one.
    """
    sizes = [max(shard.bytes, shard.file_bytes or 0) for shard in manifest.shards]
    return [_shards_unit(manifest, run) for run in neighbours(sizes, bytes_together(sizes))]


def bytes_together(sizes: Sequence[int]) -> int:
    """How many bytes of a dataset share a unit.

    At most UNIT_BYTES, and no more than leaves MANY_UNITS to work on at the same time, but never less than LEAST_BYTES.
    """
    return min(UNIT_BYTES, max(LEAST_BYTES, sum(sizes) // MANY_UNITS))


def neighbours(sizes: Sequence[int], most: int) -> list[range]:
    """All positions in runs, as long as they can be: a run's sizes are at most `most` together, or it is one alone."""
    runs: list[range] = []
    room = 0
    for number, size in enumerate(sizes):
        if size > room or not runs:
            runs.append(range(number, number))
            room = most
        runs[-1] = range(runs[-1].start, number + 1)
        room -= size
    return runs


def _shards_unit(manifest: Manifest, run: range) -> Unit:
    name = f"{run[0]:05d}" if len(run) == 1 else f"{run[0]:05d}-{run[-1]:05d}"
    return Unit(name, run[0], len(run), bytes=sum(manifest.shards[number].bytes for number in run))


def row_group_units(manifest: Manifest) -> list[Unit]:
    """The units of a stored dataset for work so slow that a shard is too much to lose: a row group is one.

    Neighbouring shards share one where they have no more rows together than a row group has.
    """
    runs = neighbours([shard.rows for shard in manifest.shards], ROW_GROUP_ROWS)
    return [unit for run in runs for unit in _of_row_groups(manifest, run)]


def _of_row_groups(manifest: Manifest, run: range) -> list[Unit]:
    if len(run) > 1:
        return [_shards_unit(manifest, run)]
    first, shard = run[0], manifest.shards[run[0]]
    each = shard.bytes // max(1, shard.row_groups)
    return [Unit(f"{first:05d}-{group:04d}", first, row_group=group, bytes=each) for group in range(shard.row_groups)]


def read_unit(store: Store, manifest: Manifest, unit: Unit) -> Iterator[tuple[pa.Table, Place]]:
    """The rows of a unit, checked against the manifest, and where they stand; one table for shards of equal columns."""
    if unit.row_group is not None:
        rows, first = store.read_row_group(manifest.shards[unit.shard], unit.row_group)
        yield rows, Place.in_shard(unit.shard, first, rows.num_rows)
        return
    numbers = range(unit.shard, unit.shard + unit.shards)
    read = ((number, store.read_table(manifest.shards[number])) for number in numbers)
    for _, alike in itertools.groupby(read, key=lambda pair: pair[1].schema):
        tables = dict(alike)
        places = [Place.in_shard(number, 0, table.num_rows) for number, table in tables.items()]
        yield pa.concat_tables(tables.values()), Place.joined(places)


def units_dataset(units: Sequence[Unit], blocks: int) -> "ray.data.Dataset":
    """A Ray Dataset of these units in so many blocks, for `units_in` to read."""
    import ray.data

    ray.data.DataContext.get_current().raise_original_map_exception = True  # else a Mistake arrives as a text
    items = [{UNIT: json.dumps(asdict(unit))} for unit in units]
    return ray.data.from_items(items, override_num_blocks=blocks)


def few_blocks(units: Sequence[Unit]) -> int:
    """How many blocks for units of quick work: each costs 20 ms of CPU, half of them the driver's.

    Every CPU that the cluster has now gets several, so that the last ones end together. A cluster that grows has blocks
    for more: one for each UNIT_BYTES up to MANY_UNITS, then one for each UNITS_PER_BLOCK units.
    """
    import ray

    cpus = int(ray.cluster_resources().get("CPU", 1))
    to_grow = min(MANY_UNITS, sum(unit.bytes for unit in units) // UNIT_BYTES)
    return min(len(units), max(1, to_grow, BLOCKS_PER_CPU * cpus, len(units) // UNITS_PER_BLOCK))


def units_in(batch: pa.Table) -> Iterator[Unit]:
    """The units of a batch of `units_dataset`."""
    for text in batch[UNIT].to_pylist():
        yield Unit(**json.loads(text))
