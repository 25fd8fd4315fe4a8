"""Units: together they are every row once, and each is read where it stands."""

import itertools
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.passes import units as units_module
from pipelines.passes.units import (
    BLOCKS_PER_CPU,
    LEAST_BYTES,
    MANY_UNITS,
    UNIT,
    UNIT_BYTES,
    Attempt,
    Unit,
    bytes_together,
    few_blocks,
    neighbours,
    read_unit,
    row_group_units,
    shard_units,
    units_dataset,
    units_in,
)
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


@given(st.lists(st.integers(0, 30), max_size=30), st.integers(0, 40))
def test_neighbours_are_together_as_far_as_they_fit(sizes: list[int], most: int) -> None:
    runs = neighbours(sizes, most)
    assert [number for run in runs for number in run] == list(range(len(sizes)))
    assert all(len(run) == 1 or sum(sizes[number] for number in run) <= most for run in runs)
    for run, following in itertools.pairwise(runs):
        assert sum(sizes[number] for number in run) + sizes[following[0]] > most


@pytest.mark.parametrize(
    ("total", "share"),
    [
        (0, LEAST_BYTES),
        (26_000_000, LEAST_BYTES),
        (3 * MANY_UNITS * LEAST_BYTES, 3 * LEAST_BYTES),
        (1 << 40, UNIT_BYTES),
    ],
)
def test_a_unit_is_large_where_many_are_left_and_never_tiny(total: int, share: int) -> None:
    assert bytes_together([total // 2, total - total // 2]) == share


@pytest.mark.parametrize(("cut", "count"), [(shard_units, 3), (row_group_units, 5)])
def test_units_are_every_row_once_and_in_order(
    store: Store, manifest: Manifest, cut, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units_module, "LEAST_BYTES", 0)
    units = cut(manifest)
    assert len(units) == len({unit.name for unit in units}) == count
    assert [unit.name for unit in units] == sorted(unit.name for unit in units)
    starts = np.cumsum([0, *SHARD_ROWS])
    numbers = []
    for unit in units:
        for table, place in read_unit(store, manifest, unit):
            assert (starts[place.shards] + place.rows).tolist() == table["number"].to_pylist()
            numbers += table["number"].to_pylist()
    assert numbers == list(range(manifest.rows))


def small_shards(store: Store, count: int, columns: int = 1) -> Manifest:
    """Shards of a row each; every `columns`-th has a column of its own."""
    shards = []
    for number in range(count):
        table = pa.table({"text": ["x"], "number": [number]})
        if number % columns:
            table = table.append_column(f"only{number % columns}", pa.array([1]))
        shards.append(store.write_table(f"a-1/x/part-{number}.parquet", table, 1))
    return Manifest(address="a-1", name="a", kind="a", ingredients={}, shards=shards, rows=count)


@pytest.mark.parametrize("columns", [1, 3])
def test_small_shards_share_a_unit_and_many_units_are_left(
    store: Store, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units_module, "LEAST_BYTES", 0)
    manifest = small_shards(store, 300, columns)
    units = shard_units(manifest)
    assert MANY_UNITS <= len(units) < 300 / 2
    read = [pair for unit in units for pair in read_unit(store, manifest, unit)]
    assert [number for table, _ in read for number in table["number"].to_pylist()] == list(range(300))
    assert [shard for _, place in read for shard in place.shards.tolist()] == list(range(300))
    assert (len(read) == len(units)) == (columns == 1), "one table for shards of equal columns"


def test_a_large_shard_is_a_unit_by_itself_and_others_have_at_most_their_bytes(store: Store) -> None:
    sizes = [1, 2, 2 * UNIT_BYTES, 3, *[UNIT_BYTES // 3] * 200]
    (shard,) = small_shards(store, 1).shards
    shards = [shard.model_copy(update={"bytes": size}) for size in sizes]
    units = shard_units(Manifest(address="a-1", name="a", kind="a", ingredients={}, shards=shards))
    spans = [range(unit.shard, unit.shard + unit.shards) for unit in units]
    assert [number for span in spans for number in span] == list(range(len(sizes)))
    assert len({unit.name for unit in units}) == len(units)
    assert range(2, 3) in spans
    assert all(sum(sizes[number] for number in span) <= UNIT_BYTES for span in spans if 2 not in span)


def test_small_shards_share_a_unit_up_to_the_rows_of_a_row_group(store: Store) -> None:
    (shard,) = small_shards(store, 1).shards
    rows = [ROW_GROUP_ROWS - 1, 1, 2, 3 * ROW_GROUP_ROWS, 3, ROW_GROUP_ROWS - 3, ROW_GROUP_ROWS]
    shards = [shard.model_copy(update={"rows": count, "row_groups": -(-count // ROW_GROUP_ROWS)}) for count in rows]
    units = row_group_units(Manifest(address="a-1", name="a", kind="a", ingredients={}, shards=shards))
    cut = [(unit.shard, unit.shards, unit.row_group) for unit in units]
    assert cut == [(0, 2, None), (2, 1, 0), (3, 1, 0), (3, 1, 1), (3, 1, 2), (4, 2, None), (6, 1, 0)]
    assert [unit.name for unit in units] == sorted({unit.name for unit in units})


def test_no_shards_are_no_units(manifest: Manifest) -> None:
    empty = manifest.model_copy(update={"shards": []})
    assert shard_units(empty) == row_group_units(empty) == []


@pytest.mark.parametrize("cut", [shard_units, row_group_units])
def test_a_damaged_shard_is_refused_by_each_of_its_units(
    store: Store, manifest: Manifest, cut, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units_module, "LEAST_BYTES", 0)
    path = Path(store.path(manifest.shards[2].file))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    for unit in cut(manifest):
        if unit.shard == 2:
            with pytest.raises(ValueError, match="damaged"):
                list(read_unit(store, manifest, unit))
        else:
            list(read_unit(store, manifest, unit))


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_units_travel_as_rows(ray_session: None, blocks: int) -> None:
    units = [Unit("00000", 0, 4), Unit("00001-0002", 1, 1, 2), Unit("00002-ab", files={"/a/é.jsonl": 5, "s3://b/c": 0})]
    batches = list(units_dataset(units, blocks).iter_batches(batch_size=None, batch_format="pyarrow"))
    assert [batch.column_names for batch in batches] == [[UNIT]] * blocks
    assert sorted((unit for batch in batches for unit in units_in(batch)), key=lambda unit: unit.name) == units


@pytest.mark.parametrize(
    ("count", "size", "blocks"),
    [
        (3, UNIT_BYTES, 3),
        (60, LEAST_BYTES, BLOCKS_PER_CPU),
        (MANY_UNITS, UNIT_BYTES // 2, MANY_UNITS // 2),
        (1_000, UNIT_BYTES, MANY_UNITS),
        (100_000, UNIT_BYTES, 6_250),
    ],
)
def test_quick_units_share_blocks_by_the_work_in_them_and_every_cpu_has_several(
    ray_session: None, count: int, size: int, blocks: int
) -> None:
    import ray

    cpus = int(ray.cluster_resources()["CPU"])
    units = [Unit(f"{number:05d}", number, bytes=size) for number in range(count)]
    assert few_blocks(units) == max(blocks, min(count, BLOCKS_PER_CPU * cpus))


def test_a_cluster_whose_cpus_are_still_to_come_gets_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray.cluster_resources", lambda: {"CPU": 0.0})
    assert few_blocks([Unit("00000", 0, bytes=1), Unit("00001", 1, bytes=1)]) == 1


@pytest.mark.parametrize("cut", [shard_units, row_group_units])
def test_units_say_how_much_work_they_are(store: Store, manifest: Manifest, cut) -> None:
    assert sum(unit.bytes for unit in cut(manifest)) == pytest.approx(sum(SHARD_ROWS), abs=len(cut(manifest)))


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
