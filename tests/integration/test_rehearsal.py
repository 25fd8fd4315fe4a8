"""A rehearsal of a run tells what the run then spends."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from cluster.config import load
from cluster.plan import plan, rehearsed
from cluster.rehearsal.rehearse import rehearse
from cluster.rehearsal.spent import Spent, took, total
from pipelines.contracts.mistakes import Mistake
from pipelines.store.store import Store
from training.execution import execute
from training.plan import Planned, planned

DOCUMENTS = 4_000
STEPS = {"batch_tokens": 2048, "threads": 1, "model": {"kind": "llama", "layers": 1}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A run with a proxy that scores, of 4,000 documents of unlike length, a tenth of them twice."""
    generator = np.random.default_rng(0)
    letters = generator.choice(list("abcdefghijklmnopqrstuvwxyz"), (900, 5))
    words = np.array(["".join(word) for word in letters])
    lengths = np.exp(generator.normal(3.5, 0.8, DOCUMENTS)).astype(int) + 5
    texts = [" ".join(generator.choice(words, length)) for length in lengths]
    texts[: DOCUMENTS // 10] = texts[-DOCUMENTS // 10 :]
    for number, part in enumerate(np.array_split(np.array(texts), 4)):
        lines = "".join(json.dumps({"text": text}) + "\n" for text in part)
        (tmp_path / f"part-{number}.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "held-out").mkdir()
    (tmp_path / "held-out" / "text.jsonl").write_text(json.dumps({"text": texts[0]}) + "\n", encoding="utf-8")
    source = {"kind": "jsonl", "path": str(tmp_path / "part-*.jsonl")}
    data = {"source": source, "codec": {"kind": "bpe", "vocab": 500}, "pack": {"length": 64}}
    known = {"kind": "proxy_loss", "model": "@proxy", "context": 64, "stride": 32}
    steps = {
        "dedup": {"kind": "dedup_exact"},
        "pool": {"kind": "select", "selector": {"kind": "token_budget", "by": "short", "tokens": 200_000}},
        "known": {"kind": "score", "scorer": known},
        "chosen": {"kind": "select", "selector": {"kind": "top_fraction", "by": "known", "fraction": 0.5}},
    }
    tree = {
        "name": "rehearsed",
        "store": str(tmp_path / "store"),
        "models": {"proxy": {"data": data, "training": {**STEPS, "tokens": 20 * 2048}}},
        "data": {**data, "steps": {"short": {"kind": "score", "scorer": "length"}, **steps}},
        "training": {**STEPS, "text_bytes": 150_000},
        "evaluation": {"held_out": {"kind": "jsonl", "path": str(tmp_path / "held-out")}},
    }
    path = tmp_path / "rehearsed.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.slow
def test_flops_and_bytes_are_within_a_fifth_of_what_the_run_takes(ray_session: None, file: Path) -> None:
    config = load(str(file))
    store, stages = Store(config.store), planned(config.recipe, Store(config.store))
    told = rehearse(config, 120_000)
    assert not store.names(""), "nothing is left of it"
    execute(config.recipe, store)
    took_there = [took(store, store.manifest(stage.address), 0.0) for stage in stages]
    for stage, expected, found in zip(stages, told, took_there, strict=True):
        assert expected.flops == pytest.approx(found.flops, rel=0.2), stage
    assert of_all(stages, told).flops == pytest.approx(of_all(stages, took_there).flops, rel=0.1)
    assert of_all(stages, told).stored_bytes == pytest.approx(of_all(stages, took_there).stored_bytes, rel=0.2)
    assert rehearsed(str(file), [], 120_000) == plan(str(file), []), "nothing is rehearsed that is there"


def of_all(stages: list[Planned], spent: list[Spent]) -> Spent:
    return total(list({stage.address: each for stage, each in zip(stages, spent, strict=True)}.values()))


@pytest.mark.slow
def test_the_table_says_what_is_expected_and_a_sample_that_is_too_small_is_told(ray_session: None, file: Path) -> None:
    before = plan(str(file), [])
    text = rehearsed(str(file), ["data.steps.known=null", "data.steps.chosen=null"], 60_000)
    train = next(line for line in text.splitlines() if line.startswith("train "))
    assert "~" in train
    assert "FLOP" in train
    assert "that takes about" in text.splitlines()[-1]
    assert plan(str(file), []) == before
    with pytest.raises(Mistake, match="--rehearse"):
        rehearsed(str(file), [], 500)
