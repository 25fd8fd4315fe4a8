"""The record of an arm, read from the manifests of runs that were never run."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cluster.report.arms import arm
from cluster.report.schema import Arm
from pipelines.build import BuiltData
from pipelines.contracts.mistakes import Mistake
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store, digest
from training.execution import Finished

HELD_OUT = {"kind": "jsonl"}
STUDY = {
    "codec": "gzip bits=8",
    "vocab_size": 257,
    "lossless": True,
    "round_trip_share": 1.0,
    "bytes_per_token": 2.4,
    "uniform_bits_per_byte": 3.3,
    "unigram_bits_per_byte": 3.2,
    "flops_per_byte": 2e7,
    "compressor_flops_per_byte": 0.0,
    "uniformity": [{"unit": "token", "plug_in_bits": 0.02, "miller_madow_bits": -0.01, "samples": 40}],
    "stability": None,
    "accuracy_by_position": [0.125],
}


def manifest(name: str, **more: Any) -> Manifest:
    return Manifest.model_validate(
        {"address": f"{name}-0", "name": name, "kind": name, "ingredients": {}, "inputs": [], **more}
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with the plan of a run of no sequence."""
    found, plan = Store(str(tmp_path)), io.BytesIO()
    np.save(plan, np.zeros(0, np.int64))
    found.write("train-0/run/plan.npy", plan.getvalue())
    return found


def finished(plan: str | None = None, **more: Any) -> Finished:
    stages = {
        "encode": manifest("encode", seconds=2.0, counts={"flops": 5e9}),
        "pack": manifest(
            "pack", seconds=1.0, bytes=900, counts={"tokens": 300}, details={"length": 8, "vocab_size": 257, "end": 256}
        ),
    }
    training = {
        "parameters": 10,
        "steps": 60,
        "tokens": 600,
        "final_loss": 2.0,
        "training_seconds": 7.0,
        "epochs": 2.0,
        "flops": [1e9, 4e9],
        "loss": [3.0, 2.0],
        "held_out": HELD_OUT,
        "held_out_flops": [4e9],
        "held_out_bits_per_byte": [2.25],
        "plan": plan,
    }
    return Finished(
        BuiltData(stages),
        manifest("train", counts={"flops": 4e9}, details=training),
        manifest(
            "evaluate",
            ingredients={"held_out": HELD_OUT},
            details={"bits_per_byte": 2.5, "documents": 3, "tokens": 9, "genres": {}},
        ),
        **more,
    )


def test_an_arm_without_study_and_models(store: Store) -> None:
    found = arm("plain", {0: finished()}, store)
    assert (found.tasks, found.categories) == ([], [])
    assert (found.study, found.data_flops, found.data_seconds, found.seconds) == (None, 5e9, 3.0, 10.0)
    assert found.bits_per_byte.mean == 2.5
    assert found.curves[0].held_out_bits_per_byte == [2.25]


def test_a_study_is_taken_over_but_for_what_the_report_does_not_know(store: Store) -> None:
    measured = manifest("study", details={**STUDY, "readings": [1.0]})
    found = arm("studied", {0: finished(study=measured)}, store)
    assert found.study
    assert found.study.model_dump() == STUDY


def answered(bits: float, share: float | None) -> dict[str, Any]:
    right = share and {"share": share, "low": share - 0.1, "high": share + 0.1}
    return {
        "bits_per_byte": bits,
        "chance": 0.5 if right else None,
        "accuracy": right,
        "accuracy_per_byte": right,
    }


def asked(bits: float) -> Manifest:
    """The manifest of the stage `tasks` of a model."""
    told = {"items": 8, "left_out": 1, "nats": 3.0, "text_bytes": 40, "tokens": 30}
    tasks = {
        "copa": {"category": "commonsense", **told, **answered(bits, 0.7)},
        "lambada": {"category": "", **told, **answered(bits + 1, None)},
    }
    return manifest(
        "tasks", details={"tasks": tasks, "categories": {"commonsense": {"tasks": 1, **answered(bits, 0.7)}}}
    )


def test_the_answers_of_each_seed_are_taken_over(store: Store) -> None:
    found = arm("asked", {seed: finished(tasks=asked(2.0 + seed)) for seed in (0, 1)}, store)
    copa, lambada = found.tasks
    assert (copa.name, copa.category, copa.items, copa.left_out, copa.chance) == ("copa", "commonsense", 8, 1, 0.5)
    assert [(each.seed, each.bits_per_byte) for each in copa.seeds] == [(0, 2.0), (1, 3.0)]
    assert copa.seeds[0].accuracy
    assert copa.seeds[0].accuracy.share == 0.7
    assert (lambada.chance, lambada.seeds[1].accuracy) == (None, None)
    assert [(each.name, len(each.seeds)) for each in found.categories] == [("commonsense", 2)]


def test_a_plan_that_is_damaged_or_gone_is_told_with_the_cure(store: Store) -> None:
    whole = digest(store.read("train-0/run/plan.npy"))
    assert arm("plain", {0: finished(whole)}, store).plan is None
    store.write("train-0/run/plan.npy", store.read("train-0/run/plan.npy")[:-1] + b" ")
    with pytest.raises(Mistake, match=r"plan\.npy' is damaged: .*; delete '.*/train-0' and run the same command again"):
        arm("plain", {0: finished(whole)}, store)
    store.remove("train-0/run/plan.npy")
    for checksum in (whole, None):
        with pytest.raises(Mistake, match=r"plan\.npy' is gone; delete '.*/train-0' and run the same command again"):
            arm("plain", {0: finished(checksum)}, store)


def test_training_the_models_of_the_data_is_a_cost_of_the_data(store: Store) -> None:
    found = arm(
        "neural",
        {0: finished(models={"m1": [{"train": manifest("train", seconds=20.0, counts={"flops": 1e12})}]})},
        store,
    )
    assert (found.data_flops, found.data_seconds, found.seconds) == (1.005e12, 23.0, 30.0)


def test_examples_bring_the_text_that_a_step_dropped_and_what_it_kept(store: Store) -> None:
    columns = {"id": "string", "text": "string"}

    def stored(name: str, texts: dict[str, str], **more: Any) -> Manifest:
        table = pa.table({"id": list(texts), "text": list(texts.values())})
        shard = store.write_table(f"{name}-0/part.parquet", table, 0)
        return manifest(name, shards=[shard.model_dump()], columns=columns, **more)

    why = [{"id": each, "reason": "too_short", "detail": "2 words"} for each in ("b", "gone")]
    source = stored("source", {"a": "a longer text", "b": "too short"})
    clean = stored("clean", {"a": "a longer text"}, inputs=["source-0"], dropped={"too_short": 2}, examples=why)
    found = finished()
    stages = {"source": source, "clean": clean, **found.data.stages}
    steps = arm("plain", {0: replace(found, data=BuiltData(stages))}, store).steps
    assert [(each.id, each.text) for each in steps[1].examples] == [("b", "too short"), ("gone", "")]
    assert [(each.id, each.text) for each in steps[1].kept] == [("a", "a longer text")]
    assert not steps[0].kept, "what dropped nothing shows no choice"


@pytest.fixture
def example_arm(store: Store) -> Arm:
    return arm("plain", {0: finished()}, store)
