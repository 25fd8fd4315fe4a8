"""Recipes are told without secrets, without what only places work, and, where it is wanted, without defaults."""

from typing import Any

from cluster.config import RunConfig, validate
from cluster.report.recipes import stated, whole

SCORER = {"kind": "proxy_loss", "model": "@proxy", "context": 64, "stride": 32}
TREE: dict[str, Any] = {
    "name": "arm",
    "models": {"proxy": {"data": {"source": {"kind": "text", "path": "a.txt"}}, "training": {"tokens": 8192}}},
    "data": {
        "source": {"kind": "jsonl", "path": "https://me:secret@host/a.jsonl"},
        "steps": {
            "hard": {
                "kind": "score",
                "scorer": {"kind": "proxy_loss", "model": "@proxy", "workers": 3, "context": 64, "stride": 32},
            },
            "clean": {"kind": "clean", "filters": [{"kind": "length"}]},
        },
    },
    "training": {"tokens": 8192, "workers": 2, "gpus": 1},
    "evaluation": {"held_out": {"kind": "text", "path": "b.txt"}},
}


def config() -> RunConfig:
    return validate(TREE, "test")


def test_placement_is_no_part_of_it_but_what_names_content_is() -> None:
    told = whole(config())
    scorer = told["data"]["steps"]["hard"]["scorer"]
    assert scorer["model"] == "@proxy"
    assert scorer["context"] == 64
    assert not {"workers", "gpus", "cpus"} & (set(scorer) | set(told["training"]))
    assert told["training"]["learning_rate"] == config().training.learning_rate
    assert told["evaluation"]["held_out"]["path"].endswith("b.txt")
    assert "start" in told["training"], "a model that training goes on from is no matter of place"
    assert "name" not in told


def test_a_location_keeps_no_secret() -> None:
    assert "secret" not in str(whole(config()))
    assert "host/a.jsonl" in whole(config())["data"]["source"]["path"]


def test_stated_is_what_is_not_at_its_default() -> None:
    told = stated(config())
    assert told["data"]["steps"] == {
        "hard": {
            "kind": "score",
            "scorer": {"kind": "proxy_loss", "model": "@proxy", "context": 64, "stride": 32},
            "column": "hard",
        },
        "clean": {"kind": "clean", "filters": [{"kind": "length"}]},
    }
    assert told["training"] == {"tokens": 8192}
    assert "codec" not in told["data"]
