"""What `gleaner plan` tells of a run before anything is built."""

import json
from pathlib import Path

import pytest
import yaml

from cluster.plan import plan
from pipelines.contracts.mistakes import Mistake
from pipelines.store.manifest import Manifest, Shard
from pipelines.store.store import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A run whose score asks a model of its own; two texts in a file of 38 bytes."""
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps({"text": f"text {n}"}) + "\n" for n in range(2)), encoding="utf-8")
    source = {"kind": "jsonl", "path": str(corpus)}
    tree = {
        "name": "planned",
        "store": str(tmp_path / "store"),
        "models": {"proxy": {"data": {"source": source, "codec": "bytes"}, "training": {"tokens": 32_768}}},
        "data": {
            "source": source,
            "steps": {
                "hard": {"kind": "score", "scorer": {"kind": "proxy_loss", "model": "@proxy"}},
                "chosen": {"kind": "select", "selector": {"kind": "top_fraction", "by": "hard"}},
            },
            "codec": "bytes",
        },
        "training": {"tokens": 32_768},
        "evaluation": {"held_out": source},
    }
    path = tmp_path / "planned.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    return path


def rows(text: str) -> dict[str, str]:
    """The lines of the table by the stage that they begin with."""
    lines = text.splitlines()[1:-1]
    return {line.split("  ")[0]: line for line in lines}


def test_every_stage_is_there_before_anything_is_built(file: Path, tmp_path: Path) -> None:
    text = plan(str(file), [])
    assert list(rows(text)) == [
        *("models.proxy: source", "models.proxy: encode", "models.proxy: pack", "models.proxy: train"),
        *("source", "hard", "chosen", "encode", "pack", "train", "held_out", "evaluate"),
    ]
    assert "1 files" in rows(text)["source"]
    assert "38 B stored" in rows(text)["source"]
    assert text.splitlines()[-1] == f"0 of 12 stages are in {tmp_path / 'store'}, 12 are to be built"
    assert not (tmp_path / "store").exists()


def test_what_is_in_the_store_says_how_much_is_left_for_the_rest(file: Path, tmp_path: Path) -> None:
    address = rows(plan(str(file), []))["source"].split()[1]
    shard = Shard(file="x", rows=2, bytes=12, checksum="")
    made = {"name": "jsonl", "kind": "source", "ingredients": {}, "shards": [shard], "rows": 2, "bytes": 12}
    Store(str(tmp_path / "store")).commit(Manifest(address=address, **made))
    text = plan(str(file), [])
    assert rows(text)["source"].split()[2:6] == ["yes", "2", "12", "B"]
    assert rows(text)["hard"].split()[2:] == ["no", "at", "most", "2"]
    assert rows(text)["train"].split()[2:] == ["no"]
    assert "2 of 12 stages are in" in text, "the proxy reads the same source"


def test_an_override_gives_the_stages_behind_it_other_addresses(file: Path) -> None:
    before, after = (rows(plan(str(file), given)) for given in ([], ["data.steps.chosen.selector.fraction=0.25"]))
    assert {name for name in before if before[name] != after[name]} == {
        *("chosen", "encode", "pack", "train", "held_out", "evaluate"),
    }


def test_a_run_that_would_not_begin_is_not_planned(file: Path) -> None:
    with pytest.raises(Mistake, match="needs the column 'loud', which is not among"):
        plan(str(file), ["data.steps.chosen.selector.by=loud"])
    with pytest.raises(Mistake, match="the nearest that are: 768 and 1024"):
        plan(str(file), ["training.batch_tokens=1000", "data.pack.length=256"])
