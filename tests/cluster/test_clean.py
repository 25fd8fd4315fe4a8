"""Cleaning is a dry run unless told, and says how much."""

from pathlib import Path

from cluster import clean
from pipelines.store.store import Store

FILE = "clean-ba9876543210/tried/part-0.parquet"


def test_a_dry_run_tells_and_deletes_nothing(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write(FILE, bytes(2_500_000))
    assert clean.told(str(tmp_path), 0.0) == (
        "clean-ba9876543210: 2.5 MB, a build that was broken off; it would begin anew\n"
        "2.5 MB in all; --delete removes it"
    )
    assert store.names("clean-ba9876543210") == ["tried"]


def test_deleting_is_told_and_done_once(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write(FILE, bytes(2_500_000))
    assert clean.delete(str(tmp_path), 24.0) == f"deleted 0.0 MB from {tmp_path}"
    assert clean.delete(str(tmp_path), 0.0) == f"deleted 2.5 MB from {tmp_path}"
    assert "holds nothing without a use" in clean.told(str(tmp_path), 0.0)
