"""A validation from end to end: a score that tells which text helps is found to, and its reverse is found out."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.recipe import Recipe
from tuning.validation.config import ValidatedRecipe
from tuning.validation.results import Retrained, Validated
from tuning.validation.validate import validate

LIKE = ["the", "cat", "sat", "on", "a", "mat", "and", "saw", "dog", "run"]
UNLIKE = ["IT", "RAINED", "ALL", "DAY", "IN", "EVERY", "TOWN", "<end>"]


def write_texts(folder: Path) -> None:
    """240 texts that mix two sorts of words, from only one to only the other, and a target of the first sort."""
    generator = random.Random(0)

    def text(share: float) -> str:
        return " ".join(generator.choice(LIKE if generator.random() < share else UNLIKE) for _ in range(12))

    for name, shares in (("corpus", [row / 239 for row in range(240)]), ("target", [1.0] * 30)):
        lines = [json.dumps({"text": f"{text(share)} {row}"}) for row, share in enumerate(shares)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, tiny_llama: Path, tuned_llama: Path) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("validation")
    write_texts(folder)
    corpus, target = ({"kind": "jsonl", "path": str(folder / f"{name}.jsonl")} for name in ("corpus", "target"))
    proxies = {
        "models": [str(tiny_llama), str(tuned_llama)],
        "targets": {"cats": {"source": target}},
        "features": {"dimensions": 100},
    }
    return {
        "models": {"helpful": {"data": {"source": corpus}, "datamodel": proxies}},
        "data": {
            "source": corpus,
            "steps": {
                "alike": {"kind": "score", "scorer": {"kind": "ngram_importance", "target": target}},
                "helpful": {"kind": "score", "scorer": {"kind": "datamodel", "model": "@helpful"}},
                "chosen": {"kind": "select", "selector": {"kind": "top_fraction", "by": "alike", "fraction": 0.5}},
                "again": {"kind": "score", "scorer": {"kind": "length"}},
            },
            "codec": {"kind": "bytes"},
        },
        "evaluation": {"held_out": target},
        "validation": {
            "model": str(tiny_llama),
            "documents": 200,
            "probe": {"groups": 8, "step": 0.01},
            "retrain": {
                "halves": 2,
                "cells": 16,
                "clusters": 12,
                "share": 0.25,
                "tokens": 4_096,
                "batch_tokens": 256,
                "length": 32,
                "learning_rate": 0.01,
            },
            "agreement": {"dampings": [0.05]},
        },
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(str(tmp_path_factory.mktemp("store")))


@pytest.fixture(scope="module")
def finished(ray_session: None, tree: dict[str, Any], store: Store) -> Manifest:
    return validate(ValidatedRecipe.model_validate(tree), store)


def test_a_score_that_knows_what_helps_is_found_to(finished: Manifest) -> None:
    found = finished.details_as(Validated)
    assert found.targets == ["held_out"]
    assert 150 < found.documents <= 240
    probe, cells = found.probe["alike"]["held_out"], found.retrain["cells"]["alike"]["held_out"]
    assert probe.value is not None
    assert probe.value > 0.9
    assert cells.value is not None
    assert cells.value > 0.4, "of 16 subsets chance is above that one time in twenty"
    ceiling = found.ceilings["cells"]["held_out"].value
    assert ceiling is not None
    assert ceiling > 0.5
    assert finished.flops > 0


def test_scores_behind_the_selection_are_not_asked_for(finished: Manifest) -> None:
    assert set(finished.details_as(Validated).probe) == {"alike", "helpful"}


def test_a_datamodel_says_how_its_proxies_agree_and_what_its_damping_changes(finished: Manifest) -> None:
    (each,) = finished.details_as(Validated).agreement.values()
    assert each.proxies == 2
    assert each.between[0][0] == pytest.approx(1.0)
    assert each.between[0][1] == each.between[1][0]
    assert list(each.dampings) == ["0.05"]
    assert each.dampings["0.05"] is not None
    assert each.dampings["0.05"] > 0.8


def test_what_was_measured_is_not_measured_again(finished: Manifest, tree: dict[str, Any], store: Store) -> None:
    assert validate(ValidatedRecipe.model_validate(tree), store) == finished


def test_after_a_kill_only_the_missing_models_are_trained_and_the_result_is_the_same(
    finished: Manifest, tree: dict[str, Any], store: Store
) -> None:
    address = next(each for each in finished.inputs if each.startswith("retrain"))
    before, units = store.manifest(address), sorted(store.names(f"{address}/units"))
    assert before is not None
    store.remove(f"{address}/manifest.json")
    kept = {name: store.read(f"{address}/units/{name}") for name in units[3:]}
    for name in units[:3]:
        store.remove(f"{address}/units/{name}")
    store.remove(f"{finished.address}/manifest.json")
    again = validate(ValidatedRecipe.model_validate(tree), store)
    assert {name: store.read(f"{address}/units/{name}") for name in kept} == kept
    after = store.manifest(address)
    assert after is not None
    assert after.details_as(Retrained) == before.details_as(Retrained)
    assert again.details == finished.details


def test_without_a_score_there_is_nothing_to_validate(tree: dict[str, Any], store: Store) -> None:
    data = {**tree["data"], "steps": {}}
    with pytest.raises(Mistake, match=r"data\.steps has no step of kind `score`; add one"):
        ValidatedRecipe.model_validate({**tree, "data": data, "models": {}}).check()


def test_a_model_that_is_not_there_is_told_before_any_work(tree: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation refers to '@proxy', which is not among the models before it"):
        ValidatedRecipe.model_validate({**tree, "validation": {**tree["validation"], "model": "@proxy"}})


def test_the_models_of_a_validation_are_needed_by_it_alone(tree: dict[str, Any]) -> None:
    small = {"data": {**tree["data"], "steps": {}}, "training": {"tokens": 8_192}}
    models = {**tree["models"], "small": small}
    whole = ValidatedRecipe.model_validate(
        {**tree, "models": models, "validation": {**tree["validation"], "model": "@small"}}
    )
    assert whole.needed_models == {"helpful": [1], "small": [1]}
    assert Recipe(**{name: getattr(whole, name) for name in Recipe.model_fields}).needed_models == {"helpful": [1]}
