"""Packed data in a remote store: copied here once, mapped, and never another store's."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.rows import BUCKET, SEQUENCE
from pipelines.packing.packed import Packed
from pipelines.store.store import Store


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))


def one_sequence(store: Store, tokens: list[int]) -> Packed:
    """One shard with one sequence, under a name that is the same in every store."""
    column = pa.FixedSizeListArray.from_arrays(pa.array(tokens, pa.uint16()), len(tokens))
    shard = store.write_table(
        "pack-0123/attempt/part-0.arrow", pa.table({SEQUENCE: column, BUCKET: pa.array([3], pa.uint8())}), 9
    )
    return Packed(store, "pack-0123", (shard.file,), (1,), len(tokens), 300, 0, len(tokens), 9)


def test_two_stores_with_one_path_keep_their_own_sequences(tmp_path: Path) -> None:
    ours = one_sequence(Store(f"memory://{tmp_path.name}/ours"), [5, 6, 7, 0])
    theirs = one_sequence(Store(f"memory://{tmp_path.name}/theirs"), [8, 9, 1, 0])
    assert np.array_equal(ours.rows([0]), [[5, 6, 7, 0]])
    assert np.array_equal(theirs.rows([0]), [[8, 9, 1, 0]])


def test_buckets_are_read_without_a_copy(tmp_path: Path) -> None:
    packed = one_sequence(Store(f"memory://{tmp_path.name}/ours"), [5, 6, 7, 0])
    assert packed.buckets().tolist() == [3]
    assert not list((tmp_path / "temporary").iterdir())
