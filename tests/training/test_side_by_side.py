"""Independent models are trained at the same time where there is room, and come out as one after the other."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.config import TrainingConfig
from training.execution import make_models
from training.needed import needed_models
from training.recipe import Recipe
from training.results import Trained
from training.side_by_side import at_once, waves


@pytest.fixture
def tree(tmp_path: Path) -> dict[str, Any]:
    """Two copies of a model, one that goes on from the first of them, and data that all three score."""
    rows = ({"text": f"text number {row} of a small corpus " * 5} for row in range(40))
    (tmp_path / "text.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {"kind": "jsonl", "path": str(tmp_path / "text.jsonl")}
    data = {"source": source, "codec": {"kind": "bytes"}, "pack": {"length": 32}}
    training = {"model": {"kind": "llama", "layers": 1}, "tokens": 8_192, "batch_tokens": 1024, "threads": 1}
    scores = {
        name: {"kind": "score", "scorer": {"kind": "proxy_loss", "model": f"@{model}", "context": 32, "stride": 16}}
        for name, model in {"one": "small.1", "two": "small.2", "three": "after"}.items()
    }
    return {
        "models": {
            "small": {"data": data, "training": training, "copies": 2},
            "after": {"data": data, "training": {**training, "start": "@small.1"}},
        },
        "data": {**data, "steps": scores},
        "training": training,
        "evaluation": {"held_out": source},
    }


def test_a_wave_has_what_refers_to_earlier_waves_alone(tree: dict[str, Any]) -> None:
    config = Recipe.model_validate(tree)
    assert list(waves(config, list(needed_models(config, Store("runs/store"))))) == [["small"], ["after"]]


@pytest.mark.parametrize(
    ("given", "resources", "room"),
    [
        ({}, {"CPU": 64.0}, 1),
        ({"threads": 4}, {"CPU": 64.0}, 16),
        ({"threads": 4, "workers": 8}, {"CPU": 64.0}, 2),
        ({"threads": 8}, {"CPU": 4.0}, 1),
        ({"gpus": 1, "workers": 2}, {"CPU": 64.0, "GPU": 8.0}, 4),
        ({"gpus": 0.1}, {"CPU": 2.0, "GPU": 0.3}, 3),
        ({"gpus": 1}, {"CPU": 64.0}, 1),
    ],
)
def test_there_is_as_much_room_as_the_cluster_has(
    given: dict[str, Any], resources: dict[str, float], room: int
) -> None:
    assert at_once(TrainingConfig(**given), resources) == room


def lasted(made: Manifest) -> tuple[float, float]:
    """When it began and ended, to the second."""
    end = datetime.fromisoformat(made.provenance["finished"]).timestamp()
    return end - made.seconds, end


def test_copies_are_trained_side_by_side_and_are_the_same_as_one_after_the_other(
    ray_session: None, tree: dict[str, Any], tmp_path: Path
) -> None:
    together, alone = (Store(str(tmp_path / name)) for name in ("together", "alone"))
    made = make_models(Recipe.model_validate(tree), together)
    first, second = (stages["train"] for stages in made["small"])
    (begun, ended), (other_begun, other_ended) = lasted(first), lasted(second)
    assert max(begun, other_begun) < min(ended, other_ended), "they ran at the same time"
    tree["models"]["small"]["training"] = {**tree["models"]["small"]["training"], "threads": None}
    again = make_models(Recipe.model_validate(tree), alone)
    for one, other in zip(made["small"] + made["after"], again["small"] + again["after"], strict=True):
        assert one["train"].address == other["train"].address
        told, other_told = (stages["train"].details_as(Trained) for stages in (one, other))
        assert told.final_loss == pytest.approx(other_told.final_loss, rel=1e-4)


def test_what_fails_beside_others_is_told_as_it_is_and_the_others_go_on_later(
    ray_session: None, tree: dict[str, Any], tmp_path: Path
) -> None:
    store = Store(str(tmp_path / "store"))
    models = tree["models"]
    models["wild"] = {**models["small"], "training": {**models["small"]["training"], "learning_rate": 1e9}, "copies": 1}
    tree["data"]["steps"]["four"] = {**tree["data"]["steps"]["one"], "column": "four"}
    tree["data"]["steps"]["four"]["scorer"] = {**tree["data"]["steps"]["one"]["scorer"], "model": "@wild"}
    with pytest.raises(Mistake, match="training diverged"):
        make_models(Recipe.model_validate(tree), store)
    del models["wild"], tree["data"]["steps"]["four"]
    assert len(make_models(Recipe.model_validate(tree), store)["small"]) == 2
