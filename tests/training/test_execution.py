"""Execution: what is in the store is found, nothing is trained for it, and models are found in their order."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.build import BuiltData, build_data
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.execution import Finished, find_model, find_models, model_recipe, train_models, with_models
from training.recipe import ModelRecipe, Recipe
from training.stages import train_model, training_address

PROXIES = {
    name: {"kind": "score", "scorer": {"kind": "proxy_loss", "model": f"@{name}"}} for name in ("small", "large")
}


@pytest.fixture
def config(tmp_path: Path) -> Recipe:
    """Data that two models score, each trained on the same text with a seed of its own."""
    (tmp_path / "text.jsonl").write_text("".join(json.dumps({"text": f"text {n} " * 9}) + "\n" for n in range(9)))
    source = {"kind": "jsonl", "path": str(tmp_path / "text.jsonl")}
    data = {"source": source, "codec": {"kind": "bytes"}, "pack": {"length": 32}}
    training = {"tokens": 512, "batch_tokens": 256}
    return Recipe.model_validate(
        {
            "models": {name: {"data": data, "training": training, "seed": seed} for seed, name in enumerate(PROXIES)},
            "data": {**data, "steps": PROXIES},
            "training": training,
            "evaluation": {"held_out": source},
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def built(config: Recipe, name: str, store: Store) -> tuple[Recipe, BuiltData]:
    one = model_recipe(config, name, {}, store)
    return one, build_data(one.data, store, one.seed)


def finish(one: ModelRecipe, data: BuiltData, store: Store) -> Manifest:
    """What a finished training leaves in the store: its manifest at the model's address."""
    address = training_address(one, data)
    files = {"model": f"{address}/run/model"}
    made: dict[str, Any] = {"name": "train", "kind": "train", "recipe": {}, "inputs": [data.packed.address]}
    return store.commit(Manifest(address=address, files=files, **made))


def test_models_are_found_up_to_the_first_that_is_missing(ray_session: None, config: Recipe, store: Store) -> None:
    assert config.needed_models == ["small", "large"]
    assert find_models(config, store) == {}
    small, small_data = built(config, "small", store)
    assert find_model(small, store) is None, "its data alone is no model"
    large, large_data = built(config, "large", store)
    trained_large = finish(large, large_data, store)
    assert find_models(config, store) == {}
    trained_small = finish(small, small_data, store)
    assert find_model(small, store) == (small_data, trained_small)
    assert trained_small.address != trained_large.address
    both = {"small": trained_small, "large": trained_large}
    assert find_models(config, store) == both
    assert train_models(config, store) == both, "what is in the store is not trained again"
    assert train_model(small, small_data, store) == trained_small
    assert not list(Path(store.url).glob("train-*/run")), "nothing was trained"
    assert not list(Path(store.url).glob("train-*/lease.json"))


def test_data_that_is_not_there_has_no_model(config: Recipe, store: Store) -> None:
    assert find_model(model_recipe(config, "small", {}, store), store) is None
    assert not Path(store.url).exists(), "nothing is built to find that out"


def test_a_model_is_a_recipe_of_its_own(config: Recipe, store: Store) -> None:
    large = model_recipe(config, "large", {}, store)
    assert (large.seed, large.training) == (1, config.models["large"].training)
    assert large.data == config.models["large"].data
    assert large.evaluation == config.evaluation
    assert large.models == {}


def test_references_become_the_folders_of_the_models(config: Recipe) -> None:
    store = Store("memory://models")
    manifests = {
        name: Manifest(
            address="t", name="train", kind="train", recipe={}, inputs=[], files={"model": f"train-{name}/run/model"}
        )
        for name in PROXIES
    }
    found = with_models(config, manifests, store)
    models = {name: step.model_dump()["scorer"]["model"] for name, step in found.data.steps.items()}
    assert models == {name: f"memory://models/train-{name}/run/model" for name in PROXIES}
    assert found.models == {}
    assert config.models, "the recipe that came in stays as it was"


def test_the_headline_is_that_of_the_evaluation() -> None:
    evaluated = Manifest(
        address="e", name="evaluate", kind="evaluate", recipe={}, inputs=[], details={"bits_per_byte": 2}
    )
    assert Finished(BuiltData({}), evaluated, evaluated).bits_per_byte == 2.0
