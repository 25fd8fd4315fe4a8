"""Corpus: a stored dataset as the global look of a step sees it."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts.rows import ID, ROW, SHARD, BoolArray
from pipelines.contracts.step import Place
from pipelines.contracts.storage_errors import storage_told
from pipelines.corpus.randomness import uniform
from pipelines.passes.units import Attempt, few_blocks, shard_units, units_dataset, units_in
from pipelines.store.manifest import Manifest, Shard
from pipelines.store.store import ChooseFn, Store
from pipelines.texts.arrays import one_array

if TYPE_CHECKING:
    import ray.data

ReadFn = Callable[[int, Shard], pa.Table]  # the number of a shard and the shard -> the rows that are looked at


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

    @property
    def text_bytes(self) -> int:
        """UTF-8 bytes of all texts together."""
        return self.manifest.bytes

    def rows(self, columns: Sequence[str]) -> "ray.data.Dataset":
        """A Ray Dataset of these columns, with SHARD and ROW, each row's place in the stored dataset."""
        return self._read(functools.partial(_placed, self.store, columns))

    def drawn(self, columns: Sequence[str], share: float, seed: int, purpose: str) -> "ray.data.Dataset":
        """A Ray Dataset of these columns of a sample: the rows whose `uniform(id, seed, purpose)` is below `share`.

        All ids are read, and the columns only of row groups in which a row is drawn.
        """
        choose = functools.partial(_below, share, seed, purpose)
        return self._read(functools.partial(_chosen, self.store, columns, choose))

    def _read(self, read: ReadFn) -> "ray.data.Dataset":
        units = shard_units(self.manifest)
        reader = functools.partial(_read_units, self.manifest.shards, read)
        return units_dataset(units, few_blocks(units)).map_batches(reader, batch_size=1, batch_format="pyarrow")

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


def _read_units(shards: Sequence[Shard], read: ReadFn, batch: pa.Table) -> Iterator[pa.Table]:
    for unit in units_in(batch):
        for number in range(unit.shard, unit.shard + unit.shards):
            with storage_told():
                table = read(number, shards[number])
            yield table


def _placed(store: Store, columns: Sequence[str], number: int, shard: Shard) -> pa.Table:
    table = store.read_columns(shard, columns)
    place = Place.in_shard(number, 0, table.num_rows)
    return table.append_column(SHARD, pa.array(place.shards)).append_column(ROW, pa.array(place.rows))


def _chosen(store: Store, columns: Sequence[str], choose: ChooseFn, number: int, shard: Shard) -> pa.Table:
    return store.read_chosen(shard, columns, ID, choose)


def _below(share: float, seed: int, purpose: str, ids: pa.ChunkedArray) -> BoolArray:
    return uniform(one_array(ids), seed, purpose) < share
