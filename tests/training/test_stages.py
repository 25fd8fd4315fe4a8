"""Addresses of what is trained and measured: they follow what the result depends on, and nothing else."""

import pickle
from typing import Any

import pytest

from training.recipe import Recipe
from training.stages import DivergedError, training_address

TEXT = {"kind": "text", "path": "nowhere.txt"}


def recipe(training: dict[str, Any] | None = None, **changes: Any) -> Recipe:
    return Recipe.model_validate(
        {"data": {"source": TEXT}, "training": training or {}, "evaluation": {"held_out": TEXT}} | changes
    )


ADDRESS = training_address(recipe(), "pack-1")


@pytest.mark.parametrize(
    "other",
    [
        recipe({"learning_rate": 1e-3}),
        recipe({"tokens": 1_000_000}),
        recipe({"model": {"kind": "llama", "layers": 3}}),
        recipe({"curriculum": {"kind": "easy_first"}}),
        recipe({"zero_stage": 1}),
        recipe(seed=1),
    ],
)
def test_a_model_has_the_address_of_what_it_depends_on(other: Recipe) -> None:
    assert training_address(other, "pack-1") != ADDRESS


def test_a_model_depends_on_what_it_went_on_from_wherever_that_lies() -> None:
    here, there, other = (
        training_address(recipe({"start": f"{store}/train-{number:012x}/run/model"}), "pack-1")
        for store, number in (("/store", 1), ("s3://bucket/store", 1), ("/store", 2))
    )
    assert here == there
    assert len({here, other, ADDRESS}) == 3


def test_a_model_depends_on_its_packed_data() -> None:
    assert training_address(recipe(), "pack-2") != ADDRESS


@pytest.mark.parametrize(
    "same",
    [
        recipe({"workers": 2, "threads": 1, "gpus": 1, "keep": 5, "checkpoint_every_steps": 7}),
        recipe({"micro_batch_sequences": 1}),
        recipe(evaluation={"held_out": {"kind": "text", "path": "elsewhere.txt"}, "curve_bytes": 10}),
        recipe(models={"proxy": {"data": {"source": TEXT}}}),
        recipe({"seed": 0}, seed=0),
    ],
)
def test_where_it_runs_and_what_measures_it_change_no_model(same: Recipe) -> None:
    assert training_address(same, "pack-1") == ADDRESS


def test_the_seed_of_a_run_is_that_of_its_training() -> None:
    assert training_address(recipe({"seed": 4}, seed=4), "pack-1") == training_address(recipe(seed=4), "pack-1")


def test_a_diverged_training_travels_between_processes() -> None:
    error = DivergedError("training diverged: the loss became nan", 12, 3e9)
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ValueError)
    assert str(again) == str(error) == "training diverged: the loss became nan"
    assert (again.steps, again.flops) == (12, 3e9)
