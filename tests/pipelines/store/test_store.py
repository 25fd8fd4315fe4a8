import os
import pickle
import re
import stat
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractBufferedFile

from pipelines.store.manifest import Manifest, Shard, UnitRecord
from pipelines.store.store import ROW_GROUP_ROWS, Store


def manifest(address: str = "clean-1") -> Manifest:
    return Manifest(address=address, name="clean", kind="clean", ingredients={}, inputs=[])


@pytest.mark.parametrize("scheme", ["{}", "file://{}", "memory://{}"])
def test_a_manifest_comes_back_as_it_was_committed(scheme: str, tmp_path) -> None:
    store = Store(scheme.format(tmp_path))
    assert store.manifest("clean-1") is None
    assert store.commit(manifest()) == store.manifest("clean-1")


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_table_comes_back_from_either_format(suffix: str, tmp_path) -> None:
    store = Store(str(tmp_path))
    table = pa.table({"id": ["a", "b"], "tokens": pa.array([[1], [2, 3]], pa.list_(pa.uint16()))})
    shard = store.write_table(f"clean-1/x/part.{suffix}", table, 7)
    assert (shard.rows, shard.bytes) == (2, 7)
    assert store.read_table(shard) == table


def test_a_damaged_shard_is_refused_with_the_cure(tmp_path) -> None:
    store = Store(str(tmp_path))
    shard = store.write_table("clean-1/x/part.parquet", pa.table({"id": ["a"]}), 0)
    path = tmp_path / "clean-1/x/part.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match=r"damaged.*delete.*run the same command again"):
        store.read_table(shard)


def test_columns_come_without_the_others(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    table = pa.table({"id": ["a", "b"], "score": [1.5, 2.5]})
    assert store.read_columns(store.write_table("clean-1/x/part.parquet", table, 7), ["score"]) == table.select([1])


class RangedFile(AbstractBufferedFile):
    """A file as a bucket gives it, a range at a time."""

    def _fetch_range(self, start: int, end: int) -> bytes:
        self.fs.fetched.append(end - start)
        return self.fs.store[self.path].getbuffer()[start:end].tobytes()


class Ranged(MemoryFileSystem):
    """A place that notes how many bytes of its files each request asks for."""

    protocol = "ranged"
    fetched: ClassVar[list[int]] = []

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        return RangedFile(self, path, **options) if mode == "rb" else super()._open(path, mode, **options)


def test_of_a_row_group_in_a_bucket_nothing_else_is_fetched() -> None:
    fsspec.register_implementation("ranged", Ranged)
    store = Store("ranged://rows")
    texts = [np.random.default_rng(row).bytes(100).hex() for row in range(8 * ROW_GROUP_ROWS)]
    table = pa.table({"id": list(map(str, range(len(texts)))), "text": texts})
    shard = store.write_table("clean-1/x/part.parquet", table, 1)
    for group in (0, 3, 7):
        Ranged.fetched.clear()
        first = group * ROW_GROUP_ROWS
        assert store.read_row_group(shard, group) == (table.slice(first, ROW_GROUP_ROWS), first)
        footer, pages = Ranged.fetched
        assert footer <= 1 << 16
        assert pages < shard.file_bytes / 7


def test_rows_are_chosen_by_one_column_and_row_groups_without_any_are_not_read(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    table = pa.table({"id": range(3000), "score": np.random.default_rng(0).random(3000)})
    shard = store.write_table("clean-1/x/part.parquet", table, 7)
    path = tmp_path / "clean-1/x/part.parquet"
    chunk = pq.ParquetFile(path).metadata.row_group(1).column(1)  # rows 1024 to 2047
    content = bytearray(path.read_bytes())
    content[chunk.data_page_offset + 200] ^= 1
    path.write_bytes(content)
    for rows in ([3, 1000, 2999], []):
        chosen = store.read_chosen(shard, ["score"], "id", lambda ids, rows=rows: np.isin(ids, rows))
        assert chosen == table.select(["score"]).take(pa.array(rows, pa.int64()))
    with pytest.raises(ValueError, match="damaged"):
        store.read_chosen(shard, ["score"], "id", lambda ids: np.isin(ids, [1500]))


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "gone"])
def test_columns_of_a_damaged_shard_are_refused_with_the_cure(damage: str, tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    scores = np.random.default_rng(0).random(1000)
    shard = store.write_table("clean-1/x/part.parquet", pa.table({"id": range(1000), "score": scores}), 7)
    path = tmp_path / "clean-1/x/part.parquet"
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(1)
    content = bytearray(path.read_bytes())
    content[chunk.dictionary_page_offset + chunk.total_compressed_size // 2] ^= 1
    path.unlink()
    if damage != "gone":
        path.write_bytes({"flipped": content, "cut": content[:-20], "empty": b""}[damage])
    cure = f"^'{path}' is .*; delete '{tmp_path}/clean-1' and run the same command again to rebuild it$"
    with pytest.raises(ValueError, match=cure):
        store.read_columns(shard, ["score"])


def test_a_shard_that_is_gone_is_refused_with_the_cure(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    shard = store.write_table("clean-1/x/part.parquet", pa.table({"id": ["a"]}), 0)
    (tmp_path / shard.file).unlink()
    with pytest.raises(ValueError, match=r"part.parquet' is gone; delete '.*/clean-1' and run the same command again"):
        store.read_table(shard)


def test_unit_records_are_found_by_name(tmp_path) -> None:
    store = Store(str(tmp_path))
    assert store.unit_records("clean-1") == {}
    record = UnitRecord(unit="00003", rows_in=5)
    store.write("clean-1/units/00003.json", record.model_dump_json().encode())
    assert store.unit_records("clean-1") == {"00003": record}


def test_records_are_read_once_from_one_listing(tmp_path: Path, looked_at: Counter[str]) -> None:
    store = Store(str(tmp_path / "signs of a pattern [1]*"))
    records = {unit: UnitRecord(unit=unit) for unit in map(str, range(20))}
    for unit, record in records.items():
        store.write(f"clean-1/units/{unit}.json", record.model_dump_json().encode())
    looked_at.clear()
    assert store.unit_records("clean-1") == records
    folders = [store.path("clean-1"), store.path("clean-1/units")]
    assert looked_at == Counter([*folders, *(store.path(f"clean-1/units/{unit}.json") for unit in records)])


@pytest.mark.parametrize("scheme", ["{}", "memory://{}"])
def test_what_is_removed_is_not_what_its_name_matches_as_a_pattern(scheme: str, tmp_path: Path) -> None:
    ours, others = Store(scheme.format(tmp_path / "run[1]")), Store(scheme.format(tmp_path / "run1"))
    for store in (ours, others):
        store.write("clean-1/x/part.parquet", b"")
    ours.remove("clean-1")
    ours.remove("clean-1")
    assert ours.sizes("clean-1") == {}
    assert len(others.sizes("clean-1")) == 1


BROKEN = [
    b"",
    b"{",
    b'{"unit": "000',
    b"\x00" * 40,
    b"[]",
    b"null",
    b'{"unit": "00003", "of_an_older_release": 1}',
    b"\xff",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_unit_record_is_not_there(broken: bytes, tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    whole = UnitRecord(unit="00004", rows_in=5)
    store.write("clean-1/units/00003.json", broken)
    store.write("clean-1/units/00004.json", whole.model_dump_json().encode())
    assert store.unit_records("clean-1") == {"00004": whole}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_manifest_is_refused_in_one_sentence_with_the_cure(broken: bytes, tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write("clean-1/manifest.json", broken)
    told = (
        f"'{tmp_path}/clean-1/manifest.json' is cut off, edited, or of another release; "
        f"delete '{tmp_path}/clean-1' and run the same command again to rebuild it"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        store.manifest("clean-1")


def test_a_manifest_of_other_rows_than_its_shards_is_refused(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    shard = Shard(file="clean-1/x/part.parquet", rows=3, bytes=7, checksum="")
    text = manifest().model_copy(update={"shards": [shard], "rows": 4}).model_dump_json()
    store.write("clean-1/manifest.json", text.encode())
    with pytest.raises(ValueError, match=r"names other rows than its shards have; delete .*clean-1' and run the same"):
        store.manifest("clean-1")


def test_a_file_and_its_name_are_on_the_disk_when_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, list[str]]] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append((is_folder, [file.suffix for file in (tmp_path / "clean-1").iterdir()]))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    Store(str(tmp_path)).write("clean-1/manifest.json", b"{}")
    assert synced == [(False, [".partial"]), (True, [".json"])]


@pytest.mark.parametrize("scheme", ["{}", "file://{}", "memory://{}"])
@pytest.mark.parametrize("left", [b"", b"PAR1", None], ids=["empty", "cut", "gone"])
def test_a_unit_whose_shard_is_gone_or_cut_off_is_not_finished(scheme: str, left: bytes | None, tmp_path: Path) -> None:
    store = Store(scheme.format(tmp_path))
    records = {}
    for unit in ("00003", "00004"):
        shard = store.write_table(f"clean-1/x/part-{unit}.parquet", pa.table({"id": ["a"]}), 1)
        records[unit] = UnitRecord(unit=unit, shards=[shard])
        store.write(f"clean-1/units/{unit}.json", records[unit].model_dump_json().encode())
    assert store.unit_records("clean-1") == records
    store.filesystem.rm_file(store.path("clean-1/x/part-00003.parquet"))
    if left is not None:
        store.write("clean-1/x/part-00003.parquet", left)
    assert store.unit_records("clean-1") == {"00004": records["00004"]}


def test_a_store_that_cannot_be_written_is_named_with_the_cure(tmp_path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ValueError, match=r"cannot be written.*set 'store'"):
        Store(str(tmp_path / "file" / "store")).check()


def test_checking_leaves_nothing_behind(tmp_path) -> None:
    Store(str(tmp_path)).check()
    assert os.listdir(tmp_path) == []


def test_a_failed_write_leaves_the_old_content(tmp_path, monkeypatch) -> None:
    store = Store(str(tmp_path))
    store.write("clean-1/manifest.json", b"old")
    os.chmod(tmp_path, 0o700)

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        store.write("clean-1/manifest.json", b"new")
    monkeypatch.undo()
    assert store.read("clean-1/manifest.json") == b"old"
    assert os.listdir(tmp_path / "clean-1") == ["manifest.json"]


def test_a_relative_store_stays_where_it_was_named(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store("runs/store")
    monkeypatch.chdir("/")
    assert store == Store(str(tmp_path / "runs/store"))
    store.write("a/b", b"c")
    assert (tmp_path / "runs/store/a/b").read_bytes() == b"c"


def test_a_store_travels_to_workers_as_its_address(tmp_path) -> None:
    store = Store(str(tmp_path))
    store.check()
    assert pickle.loads(pickle.dumps(store)) == store


@pytest.mark.parametrize("url", ["{}", "memory://{}"], ids=["folder", "memory"])
def test_a_file_is_created_once(tmp_path: Path, url: str) -> None:
    store = Store(url.format(tmp_path / "store"))
    assert store.create("train-1/lease-1.json", b"first")
    assert not store.create("train-1/lease-1.json", b"second")
    assert store.read("train-1/lease-1.json") == b"first"


def test_what_is_in_the_way_of_a_folder_is_no_file_that_was_created(tmp_path: Path) -> None:
    (tmp_path / "train-1").touch()
    with pytest.raises(OSError, match="train-1"):
        Store(str(tmp_path)).create("train-1/lease-1.json", b"first")
