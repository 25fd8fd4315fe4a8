"""The whole way over compressed text: a byte model, its codebook, tokens, a model of them, and back to text."""

import io
import json
from pathlib import Path

import pytest

from cluster.config import dump
from cluster.config import validate as validated
from cluster.generate import generate
from cluster.report.endings import endings
from cluster.report.make import Compared, make_report
from cluster.report.page import render
from pipelines.store.encoded import open_coder
from pipelines.store.store import Store, digest
from pipelines.store.unneeded import find_unneeded
from training.execution import Finished, execute, find_model
from training.needed import needed_models
from training.networks.generation import Sampling
from training.plan import planned
from training.results import Asked, Trained

ITEMS = range(40)
STEPS = {"batch_tokens": 2048, "tokens": 4 * 2048, "threads": 1}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("compressed")
    lines = [f"Text {number} tells what the text {number % 9} before it told." for number in range(400)]
    (folder / "corpus.txt").write_text("\n\n".join(lines), encoding="utf-8")
    source = {"kind": "text", "path": str(folder / "corpus.txt")}
    rows = [
        {"query": f"Text {n} tells what", "choices": ["no dog eats", f"the text {n % 9}"], "gold": 1} for n in ITEMS
    ]
    (folder / "choices.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    told = {"kind": "multiple_choice", "path": str(folder / "choices.jsonl"), "category": "reading"}
    return {
        "name": "compressed",
        "store": str(folder / "store"),
        "models": {
            "m1": {
                "data": {"source": source, "codec": {"kind": "bytes"}, "pack": {"length": 32}},
                "training": {**STEPS, "model": {"kind": "byte_transformer", "size": "200k"}},
            }
        },
        "data": {
            "source": source,
            "codec": {"kind": "equal_info_dense", "entries": 300, "model": {"kind": "transformer", "model": "@m1"}},
            "pack": {"length": 32},
            "verify": "all",
        },
        "training": {
            "batch_tokens": 1024,
            "text_bytes": 12_000,
            "threads": 1,
            "model": {"kind": "llama", "layers": 1},
        },
        "evaluation": {
            "held_out": {**source, "split": "paragraph"},
            "tasks": {"told": told},
            "study": {"prefixes": 5, "documents": 4, "tokens": 512},
        },
    }


@pytest.fixture(scope="module")
def finished(ray_session: None, tree: dict) -> Finished:
    return execute(validated(tree, "test").recipe, Store(tree["store"]))


@pytest.mark.slow
def test_every_text_comes_back_from_its_tokens(finished: Finished, tree: dict) -> None:
    encoded = finished.data.encoded
    assert encoded.counts["round_trips"] == encoded.rows
    coder = open_coder(encoded, Store(tree["store"]))
    for shard in encoded.shards:
        rows = Store(tree["store"]).read_table(shard)
        assert [coder.decode(tokens) for tokens in rows["tokens"].to_pylist()] == rows["text"].to_pylist()


@pytest.mark.slow
def test_the_model_that_the_data_needed_is_part_of_the_chain(finished: Finished, tree: dict) -> None:
    config = validated(tree, "test")
    store = Store(tree["store"])
    assert (
        store.manifest(needed_models(config.recipe, store)["m1"][1].addresses()["train"])
        == finished.models["m1"][0]["train"]
    )
    assert find_model(config.recipe, store) == (finished.data, finished.training)
    longer = {**tree["models"]["m1"], "training": {**tree["models"]["m1"]["training"], "tokens": 6 * 2048}}
    other = validated({**tree, "models": {"m1": longer}}, "test")
    assert store.manifest(needed_models(other.recipe, store)["m1"][1].addresses()["train"]) is None
    assert find_model(other.recipe, store) is None


@pytest.mark.slow
def test_every_address_is_known_before_anything_is_built(finished: Finished, tree: dict, tmp_path: Path) -> None:
    recipe = validated(tree, "test").recipe
    stages = planned(recipe, Store(str(tmp_path / "nothing")))
    assert [(each.model, each.name) for each in stages[:4]] == [
        ("m1", "source"),
        ("m1", "encode"),
        ("m1", "pack"),
        ("m1", "train"),
    ]
    addresses = {each.name: each.address for each in stages if not each.model}
    assert addresses["pack"] == finished.data.packed.address
    assert addresses["train"] == finished.training.address
    assert addresses["evaluate"] == finished.evaluation.address
    assert addresses["study"] == finished.study.address
    assert addresses["tasks"] == finished.tasks.address
    assert all(Store(tree["store"]).manifest(each.address) for each in stages)


@pytest.mark.slow
def test_the_evaluation_keeps_what_each_document_takes(finished: Finished, tree: dict) -> None:
    (ends,) = endings([{0: finished}], Store(tree["store"]))
    assert len(ends.bytes_D) == finished.evaluation.rows == finished.evaluation.rows_in > 1
    assert ends.bits_S[0] == pytest.approx(finished.bits_per_byte)


@pytest.mark.slow
def test_a_second_run_computes_nothing(finished: Finished, tree: dict) -> None:
    before = sorted(path.name for path in Path(tree["store"]).iterdir())
    again = execute(validated(tree, "test").recipe, Store(tree["store"]))
    assert again == finished
    assert sorted(path.name for path in Path(tree["store"]).iterdir()) == before


@pytest.mark.slow
def test_it_learned_and_the_report_shows_the_codec(finished: Finished, tree: dict) -> None:
    assert 0 < finished.bits_per_byte < 8
    assert finished.study is not None
    assert finished.study.details["round_trip_share"] == 1.0
    config, store = validated(tree, "test"), Store(tree["store"])
    report = make_report("test", "command", "text", Compared([config], {"compressed": {0: finished}}), store)
    assert "equal_info_dense" in render(report)
    assert report.held_out.name == f"{tree['data']['source']['path']} (text)"
    assert report.arms[0].recipe["training"]["text_bytes"] == 12_000
    assert all(passage.prompt and (passage.text or passage.note) for passage in report.arms[0].written)
    assert [step.name for step in report.arms[0].steps if step.kept] == ["encode"]
    assert report.arms[0].data_flops >= finished.models["m1"][0]["train"].counts["flops"]


@pytest.mark.slow
def test_the_model_is_asked_the_held_out_half_of_the_task(finished: Finished, tree: dict) -> None:
    assert finished.tasks is not None
    assert finished.tasks.inputs == [finished.training.address]
    asked = finished.tasks.details_as(Asked)
    told = asked.tasks["told"]
    assert (told.category, told.items, told.left_out, told.chance) == ("reading", len(ITEMS) // 2, 0, 0.5)
    assert 0 < told.bits_per_byte < 8
    assert told.accuracy is not None
    assert told.accuracy.low <= told.accuracy.share <= told.accuracy.high
    assert asked.categories["reading"].bits_per_byte == told.bits_per_byte
    config, store = validated(tree, "test"), Store(tree["store"])
    report = make_report("test", "command", "text", Compared([config], {"compressed": {0: finished}}), store)
    assert [(task.name, task.seeds[0].bits_per_byte) for task in report.arms[0].tasks] == [("told", told.bits_per_byte)]
    assert "Bits per byte of the right continuations" in render(report)


@pytest.mark.slow
def test_what_nothing_names_can_go_and_checkpoints_are_gone(finished: Finished, tree: dict) -> None:
    store = Store(tree["store"])
    assert store.names(f"{finished.training.address}/run") == ["metrics.jsonl", "model", "plan.npy"]
    assert finished.training.details_as(Trained).plan == digest(store.read(finished.training.files["plan"]))
    for each in find_unneeded(store, 0.0):
        assert "/run/" not in each.path
        store.remove(each.path)
    again = execute(validated(tree, "test").recipe, store)
    assert again == finished


def test_its_model_writes_text(finished: Finished, tree: dict, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(dump(validated(tree, "test")), encoding="utf-8")
    out = io.StringIO()
    told = generate(str(tmp_path / "run.yaml"), [], "Text 3", Sampling(tokens=8), out)
    assert out.getvalue().startswith("Text 3")
    assert finished.training.address in told
