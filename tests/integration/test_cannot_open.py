"""What a user reads when something that a run needs cannot be opened: a sentence, no stacks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.process
MOST_LINES = 6  # the dashboard's address, a line for each stage before, one of Ray's own core, the sentence


def test_an_engine_whose_server_is_not_there_is_one_sentence(corpus_file: Path, tmp_path: Path) -> None:
    (tmp_path / "held-out.jsonl").write_text(json.dumps({"text": "Nothing but this."}), encoding="utf-8")
    engine = {"kind": "http", "base_url": "http://127.0.0.1:9/v1", "model": "none"}
    tree = {
        "name": "mine",
        "store": str(tmp_path / "store"),
        "data": {
            "source": {"kind": "jsonl", "path": str(corpus_file / "part-0.jsonl")},
            "steps": {"easy": {"kind": "rewrite", "rewriter": {"kind": "leaner"}, "engine": engine}},
        },
        "evaluation": {"held_out": {"kind": "jsonl", "path": str(tmp_path / "held-out.jsonl")}},
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    command = [sys.executable, "-m", "cluster.run", "data", "mine.yaml"]
    repository = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": repository}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    told = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 2
    assert len(told) <= MOST_LINES, "\n".join(told)
    assert told[-1].startswith("gleaner: no server answers at 'http://127.0.0.1:9/v1'")
