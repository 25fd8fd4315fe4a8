"""Packed: sequences by their number, across shards, from a disk and from a bucket."""

import pickle
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.rows import BUCKET, SEQUENCE
from pipelines.packing import packed
from pipelines.packing.packed import Packed
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

COUNTS, LENGTH = (3, 1, 4), 5
SEQUENCES = np.arange(sum(COUNTS) * LENGTH).reshape(-1, LENGTH)
BUCKETS = [0, 0, 2, 1, 0, 1, 1, 2]


def write(
    store: Store, token_type: pa.DataType | None = None, sequences: np.ndarray = SEQUENCES, address: str = ""
) -> Packed:
    """The sequences in three shards of a dataset, at an address of its own unless one is given."""
    address = address or f"pack-{uuid.uuid4().hex[:12]}"
    shards = []
    for number, (end, count) in enumerate(zip(np.cumsum(COUNTS), COUNTS, strict=True)):
        rows = slice(end - count, end)
        flat = pa.array(sequences[rows].ravel(), token_type or pa.uint16())
        column = pa.FixedSizeListArray.from_arrays(flat, LENGTH)
        table = pa.table({SEQUENCE: column, BUCKET: pa.array(BUCKETS[rows], pa.uint8())})
        shards.append(store.write_table(f"{address}/x/part-{number}.arrow", table, 10 * count))
    manifest = Manifest(
        address=address,
        name="pack",
        kind="pack",
        ingredients={},
        shards=shards,
        bytes=80,
        counts={"tokens": 39.0},
        details={"length": LENGTH, "vocab_size": 100, "end": 99},
    )
    return Packed.from_manifest(store, manifest)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return write(Store(str(tmp_path_factory.mktemp("store"))))


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packed:
    """The same in a store that is no folder; copies go to a cache of this test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return write(Store(f"memory://{uuid.uuid4().hex}"))


def cached(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*") if file.is_file())


def test_it_says_what_the_manifest_says(local: Packed) -> None:
    assert (local.counts, local.sequences, local.length) == (COUNTS, 8, LENGTH)
    assert (local.vocab_size, local.end, local.tokens, local.text_bytes) == (100, 99, 39, 80)
    assert pickle.loads(pickle.dumps(local)) == local


@given(numbers=st.lists(st.integers(0, sum(COUNTS) - 1), max_size=20))
def test_rows_come_by_number_in_the_order_asked(local: Packed, numbers: list[int]) -> None:
    rows = local.rows(numbers)
    assert rows.dtype == np.int64
    assert rows.shape == (len(numbers), LENGTH)
    np.testing.assert_array_equal(rows, SEQUENCES[np.array(numbers, np.int64)])


@pytest.mark.parametrize("numbers", [[-1], [8], [0, 8], [3, -2]])
def test_a_number_out_of_range_is_refused(local: Packed, numbers: list[int]) -> None:
    with pytest.raises(IndexError, match="run from 0 to 7"):
        local.rows(numbers)


def test_buckets_are_numbered_on_across_the_shards(local: Packed) -> None:
    assert local.buckets().tolist() == BUCKETS
    assert local.buckets().dtype == np.uint8


def test_wide_tokens_are_read_as_they_are(tmp_path: Path) -> None:
    np.testing.assert_array_equal(write(Store(str(tmp_path)), pa.uint32()).rows(range(8)), SEQUENCES)


def test_what_was_read_can_be_changed_and_the_file_stays(local: Packed) -> None:
    local.rows([0])[:] = 7
    np.testing.assert_array_equal(local.rows([0]), SEQUENCES[:1])


def test_of_a_bucket_the_shards_that_are_needed_are_copied_once(remote: Packed, tmp_path: Path) -> None:
    np.testing.assert_array_equal(remote.rows([3, 1]), SEQUENCES[[3, 1]])
    copies = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.arrow")}
    assert sorted(file.name for file in copies) == ["part-0.arrow", "part-1.arrow"]
    packed._open.cache_clear()  # as in another process of this machine
    np.testing.assert_array_equal(remote.rows([0]), SEQUENCES[:1])
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.arrow")} == copies


def test_two_stores_with_one_path_keep_their_own_sequences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    changed = SEQUENCES[::-1].copy()
    ours = write(Store(f"memory://{tmp_path.name}/ours"), address="pack-0123")
    theirs = write(Store(f"memory://{tmp_path.name}/theirs"), sequences=changed, address="pack-0123")
    np.testing.assert_array_equal(ours.rows(range(8)), SEQUENCES)
    np.testing.assert_array_equal(theirs.rows(range(8)), changed)


def test_the_buckets_of_a_remote_shard_are_read_where_it_lies(remote: Packed, tmp_path: Path) -> None:
    assert remote.buckets().tolist() == BUCKETS
    assert cached(tmp_path) == []


@pytest.mark.parametrize("reads", [lambda packed: packed.rows([0, 7]), Packed.buckets], ids=["rows", "buckets"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_a_damaged_shard_is_refused_with_the_cure(
    tmp_path: Path, reads: Callable[[Packed], object], damage: str
) -> None:
    whole = write(Store(str(tmp_path)))
    last = tmp_path / whole.files[-1]
    content = bytearray(last.read_bytes())
    content[content.index(SEQUENCES[-1].astype(np.uint16).tobytes())] ^= 4
    last.unlink()
    if damage != "gone":
        last.write_bytes(content[:100] if damage == "cut" else content)
    cure = f"'{last}' is .*; delete '{tmp_path}/{whole.address}' and run the same command again to rebuild it"
    with pytest.raises(ValueError, match=cure):
        reads(whole)


def test_a_shard_is_checked_once_in_a_process(local: Packed, monkeypatch: pytest.MonkeyPatch) -> None:
    local.rows(range(8))
    monkeypatch.setattr(packed, "digest", lambda data: "another")
    np.testing.assert_array_equal(local.rows([7]), SEQUENCES[7:])
    assert local.buckets().tolist() == BUCKETS
