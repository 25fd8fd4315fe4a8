"""Corpus: a stored dataset as the global look of a step sees it."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts.rows import ROW, SHARD
from pipelines.contracts.step import Place
from pipelines.contracts.storage_errors import storage_told
from pipelines.passes.units import Attempt, few_blocks, shard_units, units_dataset, units_in
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

if TYPE_CHECKING:
    import ray.data


@dataclass(frozen=True)
class StoredCorpus:
    """A dataset of the store as a step's `fit` sees it, with room for side tables of the build."""

    store: Store
    manifest: Manifest
    attempt: Attempt

    @property
    def documents(self) -> int:
        """How many rows there are."""
        return self.manifest.rows

    @property
    def details(self) -> dict[str, Any]:
        """The details of the dataset's manifest: what the step that made it has learned, as JSON data."""
        return self.manifest.details

    def rows(self, columns: Sequence[str]) -> "ray.data.Dataset":
        """A Ray Dataset of these columns, with SHARD and ROW, each row's place in the stored dataset."""
        return rows(self.store, self.manifest, columns)

    def put(self, name: str, table: pa.Table) -> None:
        """Keeps a side table of this build, from any worker."""
        self.store.write_table(self.attempt.file(f"{name}.parquet"), table, 0)

    def get(self, name: str) -> pa.Table | None:
        """A side table that was put, or None."""
        try:
            data = self.store.read(self.attempt.file(f"{name}.parquet"))
        except FileNotFoundError:
            return None
        return pq.read_table(pa.BufferReader(data))


def rows(store: Store, manifest: Manifest, columns: Sequence[str]) -> "ray.data.Dataset":
    """The dataset as a Ray Dataset of these columns and each row's SHARD and ROW: what a global `fit` looks at."""
    reader = functools.partial(_read_columns, store, manifest, list(columns))
    units = shard_units(manifest)
    return units_dataset(units, few_blocks(len(units))).map_batches(reader, batch_size=1, batch_format="pyarrow")


def _read_columns(store: Store, manifest: Manifest, columns: list[str], batch: pa.Table) -> Iterator[pa.Table]:
    for unit in units_in(batch):
        for number in range(unit.shard, unit.shard + unit.shards):
            with storage_told():
                table = store.read_columns(manifest.shards[number], columns)
            place = Place.in_shard(number, 0, table.num_rows)
            yield table.append_column(SHARD, pa.array(place.shards)).append_column(ROW, pa.array(place.rows))
