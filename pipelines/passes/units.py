"""Units of work: what a pass hands to a worker, and where the worker writes."""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts.step import Place
from pipelines.store.manifest import Manifest, UnitRecord
from pipelines.store.store import Store

if TYPE_CHECKING:
    import ray
    import ray.data


UNIT = "unit"


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
        """The record is in the store, and with it the unit counts as done."""
        self.store.write(f"{self.address}/units/{record.unit}.json", record.model_dump_json().encode())
        return record


def shard_units(manifest: Manifest) -> list[Unit]:
    """The units of a stored dataset, one for each shard."""
    return [Unit(f"{number:05d}", number) for number in range(len(manifest.shards))]


def row_group_units(manifest: Manifest) -> list[Unit]:
    """The units of a stored dataset, one for each row group: for work so slow that a shard is too much to lose."""
    return [
        Unit(f"{number:05d}-{group:04d}", number, group)
        for number, shard in enumerate(manifest.shards)
        for group in range(shard.row_groups)
    ]


def read_unit(store: Store, manifest: Manifest, unit: Unit) -> tuple[pa.Table, Place]:
    """The rows of a unit, checked against the manifest's checksum, and where they stand."""
    file = pq.ParquetFile(pa.BufferReader(store.read_shard(manifest.shards[unit.shard])))
    if unit.row_group is None:
        return file.read(), Place(unit.shard, 0)
    first = sum(file.metadata.row_group(group).num_rows for group in range(unit.row_group))
    return file.read_row_group(unit.row_group), Place(unit.shard, first)


def units_dataset(units: Sequence[Unit]) -> "ray.data.Dataset":
    """A Ray Dataset of these units, each in a block of its own, for `units_in` to read."""
    import ray.data

    items = [{UNIT: json.dumps(asdict(unit))} for unit in units]
    return ray.data.from_items(items, override_num_blocks=len(items))


def units_in(batch: pa.Table) -> Iterator[Unit]:
    """The units of a batch of `units_dataset`."""
    for text in batch[UNIT].to_pylist():
        yield Unit(**json.loads(text))
