"""Selection by a datamodel, from proxies to chosen text: useful candidates are found that share no word with others."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cluster.config import RunConfig, validate
from pipelines.build import BuiltData, build_data
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.execution import make_models
from training.needed import needed_models, with_models
from training.plan import planned

COMMON = [f"{first}{last}" for first in ("ba", "do", "ki", "lu", "me") for last in ("n", "r", "s", "t", "l")]
USEFUL = [f"{first}{last}" for first in ("vyx", "qua", "zim", "wof") for last in ("c", "d", "f", "g")]
DOCUMENTS, WORDS = 800, 24
USEFUL_SHARE = 0.1


def text(words: list[str], draw: np.random.Generator) -> str:
    """A walk on a ring of words, a step or two at a time, so that there is something to learn."""
    place = int(draw.integers(len(words)))
    walked = []
    for step in draw.integers(1, 3, WORDS):
        place = (place + int(step)) % len(words)
        walked.append(words[place])
    return " ".join(walked)


def write(file: Path, rows: list[dict[str, Any]]) -> str:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    folder, draw = tmp_path_factory.mktemp("planted"), np.random.default_rng(0)
    useful = np.arange(DOCUMENTS) % round(1 / USEFUL_SHARE) == 0
    rows = [{"text": text(USEFUL if each else COMMON, draw), "useful": bool(each)} for each in useful]
    source = {"kind": "jsonl", "path": write(folder / "pool.jsonl", rows)}
    target = write(folder / "target.jsonl", [{"text": text(USEFUL, draw)} for _ in range(40)])
    data = {"source": source, "codec": {"kind": "bpe", "vocab": 320}, "pack": {"length": 64}}
    training = {
        "model": {"kind": "llama", "layers": 2, "hidden": 32},
        "tokens": 40 * 1024,
        "batch_tokens": 1024,
        "learning_rate": 0.01,
    }
    features = {"context": 64, "dimensions": 16 * 16}
    chosen = {"kind": "top_fraction", "by": "helpful", "fraction": USEFUL_SHARE}
    return validate(
        {
            "name": "planted",
            "store": str(folder / "store"),
            "models": {
                "proxy": {"data": data, "training": training},
                "helpful": {
                    "data": {"source": source},
                    "datamodel": {
                        "models": ["@proxy"],
                        "targets": {"useful": {"source": {"kind": "jsonl", "path": target}}},
                        "features": features,
                        "damping": 1.0,  # there are three documents a dimension, and sixteen would be safe
                    },
                },
            },
            "data": {
                **data,
                "steps": {
                    "helpful": {"kind": "score", "scorer": {"kind": "datamodel", "model": "@helpful"}},
                    "chosen": {"kind": "select", "selector": chosen},
                },
            },
            "training": training,
            "evaluation": {"held_out": {"kind": "jsonl", "path": target}},
        },
        "planted",
    )


@pytest.fixture(scope="module")
def built(ray_session: None, config: RunConfig) -> tuple[dict[str, list[dict[str, Manifest]]], BuiltData]:
    config.recipe.check()
    store = Store(config.store)
    models = make_models(config.recipe, store)
    return models, build_data(with_models(config.recipe, store).data, store, config.seed)


def rows_of(manifest: Manifest, config: RunConfig, columns: list[str]) -> list[dict[str, Any]]:
    store = Store(config.store)
    return [row for shard in manifest.shards for row in store.read_columns(shard, columns).to_pylist()]


def test_what_is_chosen_is_what_helps(built: Any, config: RunConfig) -> None:
    _, data = built
    chosen = rows_of(data.stages["chosen"], config, ["useful"])
    assert len(chosen) == round(DOCUMENTS * USEFUL_SHARE)
    assert np.mean([row["useful"] for row in chosen]) >= 0.9


def test_the_lowest_scores_hold_less_of_it_than_chance(built: Any, config: RunConfig) -> None:
    _, data = built
    rows = sorted(rows_of(data.stages["helpful"], config, ["helpful", "useful"]), key=lambda row: row["helpful"])
    lowest = rows[: round(DOCUMENTS * USEFUL_SHARE)]
    assert np.mean([row["useful"] for row in lowest]) < USEFUL_SHARE


def test_a_score_has_its_error_over_the_proxies(built: Any, config: RunConfig) -> None:
    models, data = built
    errors = [row["helpful_error"] for row in rows_of(data.stages["helpful"], config, ["helpful_error"])]
    assert set(errors) == {0.0}, "one proxy has nothing to differ from"
    assert len(models["proxy"]) == 1
    assert data.stages["helpful"].flops > 0


def test_all_addresses_were_known_before_and_nothing_is_made_twice(built: Any, config: RunConfig) -> None:
    models, data = built
    store = Store(config.store)
    (datamodel,) = models["helpful"]
    (needed,) = needed_models(config.recipe, store)["helpful"].values()
    assert needed.addresses() == {name: manifest.address for name, manifest in datamodel.items()}
    assert {each.address for each in planned(config.recipe, store, "pack")} >= {
        *(manifest.address for manifest in data.stages.values()),
        *needed.addresses().values(),
    }
    assert make_models(config.recipe, store) == models
