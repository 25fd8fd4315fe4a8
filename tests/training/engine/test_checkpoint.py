"""Checkpoints: whole or invisible, and no more of them than are kept."""

import json
from pathlib import Path

import pytest

from pipelines.store.store import Store, digest
from training.engine import checkpoint


def put(folder: Path, step: int, complete: bool = True) -> None:
    place = folder / checkpoint.name(step)
    place.mkdir(parents=True)
    (place / "part-0-of-1.safetensors").write_bytes(b"tensors")
    if complete:
        parts = {"part-0-of-1.safetensors": digest(b"tensors")}
        (place / "complete.json").write_text(json.dumps({"step": step, "parts": parts}))


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


@pytest.mark.parametrize("marker", ["", "{", "[]", "{}", '{"step": 200, "parts": ["part-0-of-1.safetensors"]}'])
def test_a_checkpoint_with_a_broken_marker_does_not_exist(marker: str, tmp_path: Path) -> None:
    put(tmp_path, 100)
    put(tmp_path, 200)
    (tmp_path / checkpoint.name(200) / "complete.json").write_text(marker)
    assert checkpoint.complete_steps(Store(str(tmp_path))) == [100]


@pytest.mark.parametrize("content", [b"tenSors", b"tens", b"", None], ids=["flipped", "cut", "empty", "gone"])
def test_a_damaged_checkpoint_is_passed_by_for_the_one_before_and_told(
    content: bytes | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(str(tmp_path))
    put(tmp_path, 100)
    put(tmp_path, 200)
    assert checkpoint.newest_whole_step(store) == 200
    assert caplog.messages == []
    part = tmp_path / checkpoint.name(200) / "part-0-of-1.safetensors"
    part.unlink() if content is None else part.write_bytes(content)
    assert checkpoint.newest_whole_step(store) == 100
    assert caplog.messages == [f"checkpoint '{part.parent}' is damaged; the one before it is taken up"]


def test_without_a_whole_checkpoint_there_is_no_step(tmp_path: Path) -> None:
    put(tmp_path, 100)
    (tmp_path / checkpoint.name(100) / "part-0-of-1.safetensors").write_bytes(b"other")
    assert checkpoint.newest_whole_step(Store(str(tmp_path))) is None
