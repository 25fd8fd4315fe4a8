"""Addresses of what is trained and measured: they follow what the result depends on, and nothing else."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from training.recipe import Recipe
from training.stages import DivergedError, tasks_address, training_address

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


def asked(task: dict[str, Any], **data: Any) -> Recipe:
    tree = {"data": {"source": TEXT, **data}, "evaluation": {"held_out": TEXT, "tasks": {"sums": task}}}
    return Recipe.model_validate(tree)


@pytest.fixture
def task(tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "sums.jsonl"
    rows = [{"context": f"What is {n} and {n * 7 % 13}?", "continuation": f"{n + n * 7 % 13}"} for n in range(9)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return {"kind": "completion", "path": str(file)}


def test_a_task_has_the_name_of_its_key(task: dict[str, Any]) -> None:
    assert asked(task).evaluation.tasks["sums"].name == "sums"
    assert asked({**task, "name": "other"}).evaluation.tasks["sums"].name == "other"
    assert asked({"kind": "paper", "task": "lambada", "path": task["path"]}).evaluation.tasks["sums"].name == "sums"


def test_answers_have_the_address_of_the_model_and_the_tasks(task: dict[str, Any], tmp_path: Path) -> None:
    assert tasks_address(recipe(), "train-1") is None
    found = tasks_address(asked(task), "train-1")
    assert found is not None
    assert found == tasks_address(asked(task, codec="bytes"), "train-1"), "the model is known by its address"
    copy = tmp_path / "elsewhere" / "sums.jsonl"
    copy.parent.mkdir()
    copy.write_bytes(Path(task["path"]).read_bytes())
    assert found == tasks_address(asked({**task, "path": str(copy)}), "train-1"), "wherever the files lie"
    assert found != tasks_address(asked(task), "train-2")
    assert found != tasks_address(asked({**task, "shots": 1}), "train-1")
    copy.write_text(copy.read_text() + '{"context": "What?", "continuation": "That."}\n')
    assert found != tasks_address(asked({**task, "path": str(copy)}), "train-1")


def test_tasks_change_no_training(task: dict[str, Any]) -> None:
    assert training_address(asked(task), "pack-1") == ADDRESS


def test_what_is_wrong_with_a_task_is_told_by_its_key_before_any_work(task: dict[str, Any], tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Some text.")
    source = {"kind": "text", "path": str(text)}
    sound = asked(task).evaluation.model_copy(update={"held_out": recipe(data={"source": source}).data.source})
    sound.check(asked(task, codec="bytes").data.codec)
    gone = asked({**task, "path": str(tmp_path / "gone.jsonl")}).evaluation
    with pytest.raises(ValueError, match=r"evaluation\.tasks\.sums: there is no '.*gone\.jsonl' here"):
        gone.model_copy(update={"held_out": sound.held_out}).check(asked(task).data.codec)
    with pytest.raises(ValueError, match=r"evaluation\.tasks .* codec 'gzip' .* whole documents only; .* data\.codec"):
        sound.check(asked(task, codec="gzip").data.codec)


def test_the_seed_of_a_run_is_that_of_its_training() -> None:
    assert training_address(recipe({"seed": 4}, seed=4), "pack-1") == training_address(recipe(seed=4), "pack-1")


def test_a_diverged_training_travels_between_processes() -> None:
    error = DivergedError("training diverged: the loss became nan", 12, 3e9)
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ValueError)
    assert str(again) == str(error) == "training diverged: the loss became nan"
    assert (again.steps, again.flops) == (12, 3e9)
