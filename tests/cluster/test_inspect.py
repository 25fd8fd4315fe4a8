"""What `gleaner show` tells."""

from pathlib import Path

import pyarrow as pa
import pytest

from cluster.config import dump, load
from cluster.inspect import show
from cluster.names import record
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

CONFIG = """
name: mine
store: {store}
data: {{source: {{kind: jsonl, path: {path}}}}}
evaluation: {{held_out: {{kind: jsonl, path: {path}}}}}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"text": "one"}\n', encoding="utf-8")
    found = tmp_path / "mine.yaml"
    found.write_text(CONFIG.format(store=tmp_path / "store", path=texts), encoding="utf-8")
    return found


def test_a_run_is_shown_by_its_name_as_it_was_begun(file: Path, tmp_path: Path) -> None:
    record(Path("runs/mine"), [("mine", dump(load(str(file), ["training.tokens=8_192"])))])
    lines = show("mine", str(tmp_path / "store")).splitlines()
    assert lines[0] == "runs/mine/mine.yaml"
    assert [line.split()[0] for line in lines[2:-1]] == ["source", "encode", "pack", "train", "held_out", "evaluate"]
    assert lines[1:] != show(str(file), str(tmp_path / "store")).splitlines()[1:], "another training"


def test_what_is_nowhere_says_what_was_looked_for(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no address 'mien', and no run is named 'mien' here .*runs/\*/mien.yaml"):
        show("mien", str(tmp_path / "store"))


def test_the_answers_of_a_model_are_told_task_by_task(tmp_path: Path) -> None:
    right = {"share": 0.625, "low": 0.5, "high": 0.75}
    choosing = {"bits_per_byte": 1.5, "chance": 0.5, "accuracy": right, "accuracy_per_byte": {**right, "share": 0.6}}
    telling = {"bits_per_byte": 2.25, "chance": None, "accuracy": None, "accuracy_per_byte": None}
    facts = {"items": 1000, "nats": 1.0, "text_bytes": 9, "tokens": 9}
    details = {
        "tasks": {
            "lambada": {"category": "", "left_out": 0, **facts, **telling},
            "copa": {"category": "commonsense", "left_out": 2, **facts, **choosing},
        },
        "categories": {"commonsense": {"tasks": 1, **choosing}},
    }
    made = Manifest(address="tasks-1", name="tasks", kind="tasks", ingredients={}, inputs=[], details=details)
    Store(str(tmp_path)).commit(made)
    told = [line for line in show("tasks-1", str(tmp_path)).splitlines() if "bits per byte" in line]
    assert told == [
        "  task lambada: 1,000 items, 2.2500 bits per byte",
        "  task copa (commonsense): 1,000 items, 2 left out, 1.5000 bits per byte, 62.5% right (50.0% to 75.0%; chance "
        "50.0%), 60.0% per byte",
        "  category commonsense: mean of 1 tasks, 1.5000 bits per byte, 62.5% right (50.0% to 75.0%; chance 50.0%), "
        "60.0% per byte",
    ]


def test_rows_give_no_orders_to_the_terminal(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    shard = store.write_table("step-1/a/part.parquet", pa.table({"text": ["a\x1b[2Jb\u202ec"], "\x07": ["x"]}), 3)
    facts = {"kind": "clean", "ingredients": {}, "inputs": [], "rows": 1, "columns": {"\x07": "string"}}
    store.commit(Manifest(address="step-1", name="step", shards=[shard], dropped={"\x1b]0;": 1}, **facts))
    told = show("step-1", str(tmp_path))
    assert r"  text: a\x1b[2Jb\u202ec" in told
    assert r"  dropped \x1b]0;: 1" in told
    assert "\x07" not in told
