"""Unneeded files: what a finished result does not name, and nothing that it does."""

from pathlib import Path

import pytest

from pipelines.store.manifest import Manifest, Shard
from pipelines.store.store import Store, digest
from pipelines.store.unneeded import find_unneeded

FINISHED, BROKEN_OFF = "train-0123456789ab", "clean-ba9876543210"
NEEDED = (
    f"{FINISHED}/manifest.json",
    f"{FINISHED}/won/part-0.parquet",
    f"{FINISHED}/run/model/model.safetensors",
    f"{FINISHED}/run/metrics.jsonl",
    f"{FINISHED}/quarantine/0.jsonl",
    "reports/mine/report.html",
)
UNNEEDED = (
    f"{FINISHED}/won/side.parquet",
    f"{FINISHED}/lost/part-0.parquet",
    f"{FINISHED}/lost/side/a.parquet",
    f"{FINISHED}/units/00000.json",
    f"{FINISHED}/run/checkpoints/step-1/part",
    f"{BROKEN_OFF}/tried/part-0.parquet",
    f"{BROKEN_OFF}/units/00000.json",
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(str(tmp_path / "a [store]"))
    for file in (*NEEDED[1:], *UNNEEDED):
        store.write(file, b"0123456789")
    shard = Shard(file=NEEDED[1], rows=1, bytes=10, checksum=digest(b"0123456789"))
    files = {"model": f"{FINISHED}/run/model", "metrics": NEEDED[3]}
    store.commit(Manifest(address=FINISHED, name="x", kind="x", ingredients={}, shards=[shard], rows=1, files=files))
    return store


def test_what_a_manifest_names_is_needed_and_the_rest_is_found_by_its_topmost_folder(store: Store) -> None:
    found = {each.path: each.bytes for each in find_unneeded(store, 0.0)}
    assert found == {
        f"{FINISHED}/won/side.parquet": 10,
        f"{FINISHED}/lost": 20,
        f"{FINISHED}/units": 10,
        f"{FINISHED}/run/checkpoints": 10,
        BROKEN_OFF: 20,
    }


def test_what_is_found_can_go_and_the_rest_stays(store: Store) -> None:
    for each in find_unneeded(store, 0.0):
        store.remove(each.path)
    left = {str(file.relative_to(store.url)) for file in Path(store.url).rglob("*") if file.is_file()}
    assert left == set(NEEDED)
    assert find_unneeded(store, 0.0) == []


def test_an_address_that_somebody_has_just_written_to_is_let_alone(store: Store) -> None:
    assert find_unneeded(store, 3600.0) == []


def test_removing_what_is_not_there_is_no_error(store: Store) -> None:
    store.remove("nothing/here")
