"""Checkpoints: whole or invisible, and no more of them than are kept."""

from pathlib import Path

from pipelines.store.store import Store
from training.engine import checkpoint


def put(folder: Path, step: int, complete: bool = True) -> None:
    place = folder / checkpoint.name(step)
    place.mkdir(parents=True)
    (place / "part-0-of-1.safetensors").write_bytes(b"tensors")
    if complete:
        (place / "complete.json").write_text("{}")


def test_a_checkpoint_without_its_marker_does_not_exist(tmp_path: Path) -> None:
    assert checkpoint.complete_steps(Store(str(tmp_path))) == []
    put(tmp_path, 100)
    put(tmp_path, 1_000_000_000)
    put(tmp_path, 200, complete=False)
    assert checkpoint.complete_steps(Store(str(tmp_path))) == [100, 1_000_000_000]


def test_the_newest_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        put(tmp_path, step)
    checkpoint.prune(Store(str(tmp_path)), keep=2)
    assert checkpoint.complete_steps(Store(str(tmp_path))) == [3, 4]
    assert not (tmp_path / checkpoint.name(1)).exists()
