"""The recipe of a rehearsal: samples for sources, a few batches for trainings, and all else as it was."""

from pathlib import Path

import pytest

from cluster.config import validate
from cluster.rehearsal.reduced import BATCH_TOKENS, reduced, with_dimensions
from cluster.rehearsal.sampled import Sampled
from pipelines.stage import source_address
from training.recipe import DatamodelEntry, Recipe, TrainingEntry

BUDGET = {"kind": "token_budget", "by": "long", "tokens": 1_000}


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "corpus.jsonl").write_text('{"text": "a text"}\n', encoding="utf-8")
    source = {"kind": "jsonl", "path": str(tmp_path / "corpus.jsonl")}
    corpus = {"source": source, "codec": "bytes", "pack": {"length": 128}}
    steps = {
        "long": {"kind": "score", "scorer": "length"},
        "some": {"kind": "select", "selector": BUDGET},
        "helpful": {"kind": "score", "scorer": {"kind": "datamodel", "model": "@helpful"}},
    }
    tree = {
        "name": "whole",
        "models": {
            "unused": {"data": corpus},
            "proxy": {"copies": 2, "data": corpus, "training": {"tokens": 10**9, "batch_tokens": 1 << 20}},
            "helpful": {
                "data": {"source": source},
                "datamodel": {"models": ["@proxy"], "targets": {"it": {"source": source}}},
            },
        },
        "data": {**corpus, "steps": steps},
        "training": {"text_bytes": 10**9, "batch_tokens": 4096},
        "evaluation": {"held_out": source},
    }
    return validate(tree, "test").recipe


def test_what_is_reduced_and_what_is_not(recipe: Recipe) -> None:
    sampled = Sampled(path="sample.parquet", share=0.01)
    small = reduced(recipe, {source_address(recipe.data.source): sampled}, 8)
    proxy = small.models["proxy"]
    assert isinstance(proxy, TrainingEntry)
    assert {small.data.source, proxy.data.source, small.models["helpful"].data.source} == {sampled}
    assert small.models["unused"] == recipe.models["unused"]
    assert small.evaluation == recipe.evaluation
    assert small.data.steps["some"].selector.tokens == pytest.approx(10)
    assert small.data.steps["helpful"] == recipe.data.steps["helpful"]
    assert (small.training.tokens, small.training.text_bytes) == (8 * 4096, None)
    assert (proxy.training.batch_tokens, proxy.training.tokens) == (BATCH_TOKENS, 8 * BATCH_TOKENS)
    assert proxy.training.model == recipe.models["proxy"].training.model
    assert proxy.copies == 2


def test_a_rehearsed_batch_is_whole_for_all_workers(recipe: Recipe) -> None:
    many = recipe.training.model_copy(update={"workers": 300, "batch_tokens": 600 * 128, "micro_batch_sequences": 2})
    small = reduced(
        recipe.model_copy(update={"training": many}),
        {source_address(recipe.data.source): Sampled(path="sample.parquet", share=0.01)},
        2,
    )
    assert small.training.batch_sequences(128) == 600


def test_a_datamodel_has_the_dimensions_of_the_whole_run(recipe: Recipe) -> None:
    entry = with_dimensions(recipe, "helpful", 480).models["helpful"]
    assert isinstance(entry, DatamodelEntry)
    assert entry.datamodel.features.dimensions == 480
    assert entry.datamodel.targets == recipe.models["helpful"].datamodel.targets
