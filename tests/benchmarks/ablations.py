"""What of a datamodel matters, and how its rivals do: every score judged on one sample by `gleaner validate`.

    python tests/benchmarks/ablations.py --out FOLDER --target squad_like [--data ../shared/data] [--copies 2]
        [--documents 3000] [--halves 8] [--cells 32] [--only NAME ...]

The candidates, proxies and targets are those of selection.py, in the same store. Datamodels differ in one thing each:
number of proxies, output, projection's dimensions, damping, one Gram matrix or one a layer. Prints the tables of the
validation and ends with one JSON line.
"""

import json
from typing import Any

import yaml
from selection import TASKS, config, datamodel, half, parser


def main() -> None:
    """Writes the config of the validation and runs it."""
    from cluster import commands
    from cluster.config import load
    from pipelines.store.store import Store
    from tuning.validation.results import Validated

    given = parser()
    given.add_argument("--target", required=True, choices=list(TASKS))
    given.add_argument("--copies", type=int, default=2)
    given.add_argument("--documents", type=int, default=3_000)
    given.add_argument("--halves", type=int, default=8)
    given.add_argument("--cells", type=int, default=32)
    given.add_argument("--only", nargs="*", help="of the scores; all unless given")
    arguments = given.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / f"ablations-{arguments.target}.yaml"
    file.write_text(yaml.safe_dump(tree(arguments), sort_keys=False))
    told = commands.validate(str(file), [])
    print(told)
    address = told.rsplit("wrote ", 1)[1].split()[0]
    manifest = Store(load(str(file)).store).manifest(address)
    assert manifest is not None
    print(json.dumps(manifest.details_as(Validated).model_dump()))


def tree(arguments: Any) -> dict[str, Any]:
    """The whole config of the validation."""
    target, whole = arguments.target, {**datamodels(arguments), **rivals(arguments)}
    names = arguments.only or list(whole)
    found = config(f"ablations-{target}", target, {}, arguments)
    proxy = {**found["models"]["proxy"], "copies": max(2, arguments.copies)}
    made = {name: whole[name] for name in names if name in datamodels(arguments)}
    asked = {"kind": "datamodel", "workers": 2}
    steps = {name: {"kind": "score", "scorer": {**asked, "model": f"@{name}"}} for name in made}
    steps |= {name: {"kind": "score", "scorer": whole[name]} for name in names if name not in made}
    retrain = {"halves": arguments.halves, "cells": arguments.cells}
    return {
        **found,
        "models": {"proxy": proxy, **made},
        "data": {**found["data"], "steps": {**found["data"]["steps"], **steps}},
        "validation": {"model": "@proxy.1", "documents": arguments.documents, "retrain": retrain, "workers": 2},
    }


def datamodels(arguments: Any) -> dict[str, Any]:
    """Each differs from the first in what its name says."""

    def other(features: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
        base = datamodel(arguments.target, arguments)
        merged = {**base["datamodel"], **given, "features": {**base["datamodel"]["features"], **(features or {})}}
        return {**base, "datamodel": {"models": ["@proxy.1", "@proxy.2"], **merged}}

    two = ["@proxy.1", "@proxy.2"]
    found = {
        "helpful": other(models=two),
        "one_proxy": other(models=two[:1]),
        "by_loss": other({"output": "loss"}, models=two),
        "few_dimensions": other({"dimensions": 100}, models=two),
        "many_dimensions": other({"dimensions": 2_000}, models=two),
        "by_layer": other(models=two, gram="by_layer"),
        "little_damping": other(models=two, damping=0.01),
        "much_damping": other(models=two, damping=10.0),
    }
    if arguments.copies >= 4:
        found["four_proxies"] = other(models=[f"@proxy.{number}" for number in range(1, 5)])
    return found


def rivals(arguments: Any) -> dict[str, Any]:
    """Scorers with the same target half."""
    target = half(arguments.target, "target", arguments)
    hidden = {"kind": "hidden", "model": "@proxy.1", "workers": 2}
    return {
        "ngram_importance": {"kind": "ngram_importance", "normalize": "mean_per_token", "target": target},
        "classifier": {"kind": "classifier", "target": target},
        "embedding_similarity": {"kind": "embedding_similarity", "embedder": hidden, "target": target},
        "proxy_loss": {"kind": "proxy_loss", "model": "@proxy.1", "context": 128, "stride": 64, "workers": 2},
        "length": {"kind": "length"},
    }


if __name__ == "__main__":
    main()
