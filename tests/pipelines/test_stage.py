"""A stage that is finished: what is looked at in the store, and what its address says."""

from collections import Counter
from pathlib import Path

import pytest

from pipelines.contracts.source import Source
from pipelines.sources.reading.ingest import losses
from pipelines.stage import ingest, source_address
from pipelines.store.manifest import Manifest, UnitRecord
from pipelines.store.store import Store


@pytest.fixture
def source(corpus_file: Path) -> Source:
    return Source.model_validate({"kind": "jsonl", "path": str(corpus_file / "*.jsonl")})


def test_of_a_finished_source_the_manifest_alone_is_read(
    source: Source, tmp_path: Path, looked_at: Counter[str]
) -> None:
    store, target = Store(str(tmp_path / "store")), source_address(source)
    store.write(f"{target}/units/00000.json", UnitRecord(unit="00000").model_dump_json().encode())
    facts = {"name": "jsonl", "kind": "source", "ingredients": {}, "details": losses([]).model_dump()}
    finished = store.commit(Manifest(address=target, **facts))
    looked_at.clear()
    assert ingest(source, store, max_bad_share=0.0) == finished
    assert {path for path in looked_at if path.startswith(store.url)} == {store.path(f"{target}/manifest.json")}


def test_other_shards_of_the_same_files_have_another_address(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    before = source_address(source)
    monkeypatch.setattr("pipelines.stage.LAYOUT", 0)
    assert source_address(source) != before
