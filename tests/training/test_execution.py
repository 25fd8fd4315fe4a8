"""Execution: what is in the store is found, nothing is trained for it, and models are found in their order."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.build import BuiltData, build_data, data_addresses
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.execution import Finished, find_model, make_models, planned_training
from training.needed import NeededTraining, needed_models, with_models
from training.recipe import Recipe
from training.stages import model_files, train_model, training_address

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


def recipe_of(config: Recipe, name: str, store: Store) -> Recipe:
    (one,) = needed_models(config, store)[name].values()
    assert isinstance(one, NeededTraining)
    return one.recipe


def built(config: Recipe, name: str, store: Store) -> tuple[Recipe, BuiltData]:
    one = recipe_of(config, name, store)
    return one, build_data(one.data, store, one.seed)


def finish(one: Recipe, data: BuiltData, store: Store) -> Manifest:
    """What a finished training leaves in the store: its manifest at the model's address."""
    address = training_address(one, data.packed.address)
    made: dict[str, Any] = {"name": "train", "kind": "train", "ingredients": {}, "inputs": [data.packed.address]}
    return store.commit(Manifest(address=address, files={"model": model_files(address)}, **made))


def test_a_model_is_found_where_it_and_its_data_are(ray_session: None, config: Recipe, store: Store) -> None:
    assert config.needed_models == {"small": [1], "large": [1]}
    small, small_data = built(config, "small", store)
    assert find_model(small, store) is None, "its data alone is no model"
    trained_small = finish(small, small_data, store)
    trained_large = finish(*built(config, "large", store), store)
    assert trained_small.address != trained_large.address
    assert find_model(small, store) == (small_data, trained_small)
    made = {name: stages["train"] for name, (stages,) in make_models(config, store).items()}
    assert made == {"small": trained_small, "large": trained_large}, "what is in the store is not trained again"
    assert train_model(small, small_data, store) == trained_small
    assert not list(Path(store.url).glob("train-*/run")), "nothing was trained"
    assert not list(Path(store.url).glob("train-*/lease-*.json"))


def test_data_that_is_not_there_has_no_model(config: Recipe, store: Store) -> None:
    assert find_model(recipe_of(config, "small", store), store) is None
    assert find_model(config, store) is None
    assert not Path(store.url).exists(), "nothing is built to find that out"


def test_a_model_is_a_recipe_of_its_own(config: Recipe, store: Store) -> None:
    large = recipe_of(config, "large", store)
    assert (large.seed, large.training) == (1, config.models["large"].training)
    assert large.data == config.models["large"].data
    assert large.evaluation == config.evaluation
    assert large.models == {}


def test_references_become_the_folders_where_the_models_will_be(config: Recipe) -> None:
    store = Store("memory://models")
    found = with_models(config, store)
    models = {name: step.model_dump()["scorer"]["model"] for name, step in found.data.steps.items()}
    trained = {name: planned_training(recipe_of(config, name, store)) for name in PROXIES}
    assert models == {name: f"memory://models/{address}/run/model" for name, address in trained.items()}
    assert len(set(models.values())) == 2
    assert found.models == {}
    assert config.models, "the recipe that came in stays as it was"


def test_a_model_of_a_run_is_known_by_the_address_of_its_training(config: Recipe) -> None:
    here, there = (with_models(config, Store(url)) for url in ("memory://here", "memory://there"))
    assert here.data != there.data
    assert data_addresses(here.data, 0) == data_addresses(there.data, 0), "wherever the store lies"
    longer = config.models["small"].training.model_copy(update={"tokens": 1024})
    models = {**config.models, "small": config.models["small"].model_copy(update={"training": longer})}
    other = with_models(config.model_copy(update={"models": models}), Store("memory://here"))
    assert data_addresses(other.data, 0)["small"] != data_addresses(here.data, 0)["small"]
    assert data_addresses(other.data, 0)["source"] == data_addresses(here.data, 0)["source"]


def test_the_headline_is_that_of_the_evaluation() -> None:
    details = {"bits_per_byte": 2.0, "documents": 1, "tokens": 3, "genres": {}}
    evaluated = Manifest(address="e", name="evaluate", kind="evaluate", ingredients={}, details=details)
    assert Finished(BuiltData({}), evaluated, evaluated).bits_per_byte == 2.0
