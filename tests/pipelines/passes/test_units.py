"""Units: together they are every row once, and each is read where it stands."""

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.step import Place
from pipelines.passes.units import UNIT, Attempt, Unit, read_unit, row_group_units, shard_units, units_in
from pipelines.store.manifest import Manifest, UnitRecord
from pipelines.store.store import ROW_GROUP_ROWS, Store

SHARD_ROWS = [1, ROW_GROUP_ROWS, 2 * ROW_GROUP_ROWS + 3]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


@pytest.fixture
def manifest(store: Store) -> Manifest:
    """Three shards whose rows are numbered on."""
    shards, first = [], 0
    for number, rows in enumerate(SHARD_ROWS):
        table = pa.table({"text": ["x"] * rows, "number": np.arange(first, first + rows)})
        shards.append(store.write_table(f"a-1/x/part-{number}.parquet", table, rows))
        first += rows
    return Manifest(address="a-1", name="a", kind="a", ingredients={}, shards=shards, rows=first)


@pytest.mark.parametrize(("cut", "count"), [(shard_units, 3), (row_group_units, 5)])
def test_units_are_every_row_once_and_in_order(store: Store, manifest: Manifest, cut, count: int) -> None:
    units = cut(manifest)
    assert len(units) == len({unit.name for unit in units}) == count
    assert [unit.name for unit in units] == sorted(unit.name for unit in units)
    starts = np.cumsum([0, *SHARD_ROWS])
    numbers = []
    for unit in units:
        table, place = read_unit(store, manifest, unit)
        assert place == Place(unit.shard, int(table["number"][0].as_py() - starts[unit.shard]))
        numbers += table["number"].to_pylist()
    assert numbers == list(range(manifest.rows))


def test_no_shards_are_no_units(manifest: Manifest) -> None:
    empty = manifest.model_copy(update={"shards": []})
    assert shard_units(empty) == row_group_units(empty) == []


@pytest.mark.parametrize("cut", [shard_units, row_group_units])
def test_a_damaged_shard_is_refused_by_each_of_its_units(store: Store, manifest: Manifest, cut) -> None:
    path = Path(store.path(manifest.shards[2].file))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    for unit in cut(manifest):
        if unit.shard == 2:
            with pytest.raises(ValueError, match="damaged"):
                read_unit(store, manifest, unit)
        else:
            read_unit(store, manifest, unit)


def test_units_travel_as_rows(ray_session: None) -> None:
    from pipelines.passes.units import units_dataset

    units = [Unit("00000", 0), Unit("00001-0002", 1, 2), Unit("00002-ab", files={"/a/é.jsonl": 5, "s3://b/c": 0})]
    batches = list(units_dataset(units).iter_batches(batch_size=None, batch_format="pyarrow"))
    assert [batch.column_names for batch in batches] == [[UNIT]] * len(units), "each unit is a block of its own"
    assert sorted((unit for batch in batches for unit in units_in(batch)), key=lambda unit: unit.name) == units


def test_attempts_of_one_address_write_beside_each_other(store: Store) -> None:
    first, second = (Attempt.begin(store, "a-1") for _ in range(2))
    assert first.file("part-0.parquet") != second.file("part-0.parquet")
    assert first.file("part-0.parquet").startswith("a-1/")
    assert pickle.loads(pickle.dumps(first)) == first


def test_a_recorded_unit_counts_for_every_attempt(store: Store) -> None:
    first, second = (Attempt.begin(store, "a-1") for _ in range(2))
    record = first.record(UnitRecord(unit="00000", rows_in=3))
    second.record(UnitRecord(unit="00001"))
    assert store.unit_records("a-1") == {"00000": record, "00001": UnitRecord(unit="00001")}
    assert store.unit_records("a-2") == {}
