"""The whole data path over a fixed corpus, pinned: another result needs another version, in the same commit."""

import hashlib
import json
from pathlib import Path

import pytest

from pipelines.build import build_data, data_addresses
from pipelines.check import check_data
from pipelines.config import DataConfig
from pipelines.contracts.source import Source
from pipelines.stage import ingest
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

GOLDEN = Path(__file__).parent.parent / "golden" / "data_path.json"


@pytest.fixture
def config(corpus_file: Path) -> DataConfig:
    return DataConfig.model_validate(
        {
            "source": {"kind": "jsonl", "path": str(corpus_file / "*.jsonl")},
            "steps": {
                "clean": {"kind": "clean", "filters": [{"kind": "length", "min_characters": 20, "min_words": 5}]},
                "dedup": {"kind": "dedup_exact"},
                "easy": {"kind": "rewrite", "rewriter": {"kind": "leaner"}, "engine": {"kind": "lexical"}},
                "hard": {"kind": "score", "scorer": {"kind": "readability"}},
                "chosen": {"kind": "select", "selector": {"kind": "top_fraction", "by": "hard", "fraction": 0.5}},
            },
            "codec": {"kind": "bpe", "vocab": 400},
            "pack": {"length": 32, "by": "hard", "buckets": 4},
        }
    )


def content(store: Store, manifest: Manifest) -> str:
    """A hash of all rows in order, whatever the file format."""
    rows = [store.read_table(shard).to_pylist() for shard in manifest.shards]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()[:16]


def test_the_data_path_is_that_of_the_golden_file(ray_session, config, tmp_path) -> None:
    store = Store(str(tmp_path / "store"))
    built = build_data(config, store, seed=3)
    found = {
        name: {
            "address": manifest.address,
            "rows": manifest.rows,
            "dropped": manifest.dropped,
            "content": content(store, manifest),
        }
        for name, manifest in built.stages.items()
    }
    if not GOLDEN.exists():
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n")
        pytest.fail(f"there was no {GOLDEN.name}; look at the one written now and commit it")
    assert found == json.loads(GOLDEN.read_text())


def test_every_row_is_accounted_for(ray_session, config, tmp_path) -> None:
    built = build_data(config, Store(str(tmp_path / "store")), seed=3)
    for name, manifest in built.stages.items():
        if name != "pack":
            assert manifest.rows_in == manifest.rows + sum(manifest.dropped.values()) + sum(manifest.bad.values()), name


def test_data_with_a_seed_of_its_own_is_the_same_under_every_seed(config) -> None:
    fixed = config.model_copy(update={"seed": 3})
    assert data_addresses(fixed, 7) == data_addresses(fixed, 8) == data_addresses(config, 3)
    assert data_addresses(config, 7) != data_addresses(config, 8)


def test_a_missing_column_is_found_before_any_work(config) -> None:
    steps = {"chosen": {"kind": "select", "selector": {"kind": "top_fraction", "by": "proxi"}}}
    wrong = DataConfig.model_validate({**config.model_dump(), "steps": steps})
    with pytest.raises(ValueError, match=r"data.steps.chosen.*needs the column 'proxi'.*add a score step"):
        check_data(wrong)


def test_an_empty_glob_is_found_before_any_work(tmp_path) -> None:
    config = DataConfig.model_validate({"source": {"kind": "jsonl", "path": str(tmp_path / "none-*.jsonl")}})
    with pytest.raises(ValueError, match="none-"):
        check_data(config)


def test_bad_rows_go_to_quarantine_and_are_counted(ray_session, corpus_file, tmp_path) -> None:
    bad = corpus_file / "part-1.jsonl"
    bad.write_text(bad.read_text() + '{"text": "cut off\n{"other": 1}\n')
    store = Store(str(tmp_path / "store"))
    source = Source.model_validate({"kind": "jsonl", "path": str(corpus_file / "*.jsonl")})
    manifest = ingest(source, store, max_bad_share=0.01)
    assert manifest.rows == 300
    assert manifest.bad == {"broken_json": 1, "no_text": 1}
    lines = [
        json.loads(line)
        for file in Path(store.path(f"{manifest.address}/quarantine")).glob("*.jsonl")
        for line in file.read_text().splitlines()
    ]
    assert [(Path(line["file"]).name, line["line"], line["reason"]) for line in lines] == [
        ("part-1.jsonl", 101, "broken_json"),
        ("part-1.jsonl", 102, "no_text"),
    ]


def test_too_many_bad_rows_stop_the_run_and_name_the_worst_file(ray_session, corpus_file, tmp_path) -> None:
    (corpus_file / "part-2.jsonl").write_text("no json\n" * 50)
    (corpus_file / "part-1.jsonl").write_text("no json\n" * 3)
    source = Source.model_validate({"kind": "jsonl", "path": str(corpus_file / "*.jsonl")})
    with pytest.raises(ValueError, match=r"53 of 153 input rows.*worst file is '.*part-2.jsonl' with 50.*quarantine"):
        ingest(source, Store(str(tmp_path / "store")), max_bad_share=0.01)


def test_a_corrupt_shard_is_quarantined_and_the_others_are_read(ray_session, real_data, tmp_path) -> None:
    import shutil

    for name in ("part-00008.parquet", "part-00009.parquet"):
        shutil.copy(real_data / "mixture" / name, tmp_path / name)
    damaged = tmp_path / "part-00009.parquet"
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-100])
    source = Source.model_validate({"kind": "parquet", "path": str(tmp_path / "*.parquet")})
    store = Store(str(tmp_path / "store"))
    manifest = ingest(source, store, max_bad_share=0.6)
    assert manifest.bad == {"corrupt_parquet": 1}
    assert manifest.rows > 300
    with pytest.raises(ValueError, match=r"1 damaged input files hold \d+ of \d+ bytes.*part-00009"):
        ingest(source, store, max_bad_share=0.01)


def test_a_damaged_file_of_a_mixture_counts_by_its_bytes(ray_session, corpus_file, tmp_path) -> None:
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"no parquet at all, however long it may be")
    parts = {
        "whole": {"source": {"kind": "jsonl", "path": str(corpus_file / "*.jsonl")}, "weight": 1.0},
        "broken": {"source": {"kind": "parquet", "path": str(damaged)}, "weight": 1.0},
    }
    source = Source.model_validate({"kind": "mixture", "parts": parts})
    manifest = ingest(source, Store(str(tmp_path / "store")), max_bad_share=0.01)
    assert manifest.rows == 300
    assert manifest.bad == {"corrupt_parquet": 1}
    with pytest.raises(ValueError, match=r"1 damaged input files hold 41 of \d+ bytes.*damaged\.parquet"):
        ingest(source, Store(str(tmp_path / "store")), max_bad_share=0.0001)


def test_a_mixture_gives_every_part_its_share(ray_session, corpus_file, tmp_path) -> None:
    store = Store(str(tmp_path / "store"))
    parts = {
        name: {"source": {"kind": "jsonl", "path": str(corpus_file / f"part-{number}.jsonl")}, "weight": weight}
        for number, (name, weight) in enumerate({"small": 1.0, "large": 3.0}.items())
    }
    config = DataConfig.model_validate(
        {"source": {"kind": "mixture", "parts": parts, "budget": 80}, "codec": "bytes", "pack": {"length": 32}}
    )
    quota = build_data(config, store, seed=0).stages["quota"]
    rows = [row for shard in quota.shards for row in store.read_table(shard)["source"].to_pylist()]
    assert {name: rows.count(name) for name in ("small", "large")} == {"small": 20, "large": 60}
