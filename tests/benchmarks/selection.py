"""Does a datamodel choose text that helps a task? Random, a datamodel's best and its worst, task by task.

    python tests/benchmarks/selection.py --out FOLDER [--targets lambada ...] [--seeds 0 1 2] [--budgets 0.25 0.5 2]

The candidates are passages of about 128 tokens of `mixture/`, without those that share 13 words with a held-out half.
Two proxies are trained on random halves of them. For each task a datamodel of its target half scores them; the best and
the worst sixth are trained on for as many FLOPs as a random sixth. All are asked for the right continuations of the
held-out half. Random sixths that are trained for other budgets tell how many times the FLOPs random needs to get as far
(its multiplier). It goes on where it was when it is typed again. Prints a table and ends with one JSON line.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from measuring import DATA

if TYPE_CHECKING:
    from training.recipe import Recipe

TASKS = {
    "lambada": {"kind": "completion"},
    "squad_like": {"kind": "completion"},
    "arc_easy": {"kind": "multiple_choice", "delimiter": "\nAnswer: "},
    "bigbench_operators": {"kind": "completion"},
}
LENGTH = 128


def main() -> None:
    """Compares the three arms of every task."""
    from cluster.jobs.session import session

    arguments = parse_arguments()
    with session():
        results = {target: compared(target, arguments) for target in arguments.targets}
    print(f"{'target':20} {'best':>8} {'random':>8} {'worst':>8}  spread  multiplier of best")
    for target, found in results.items():
        means = [mean(found[name]) for name in ("best", "random", "worst")]
        spread = max(max(values) - min(values) for values in (found["best"], found["random"], found["worst"]))
        print(f"{target:20} {means[0]:8.3f} {means[1]:8.3f} {means[2]:8.3f} {spread:7.3f}  {found['multiplier']}")
    print(json.dumps(results))


def compared(target: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Bits per byte of the held-out continuations of each arm, a value a seed, and the multiplier of the best."""
    from cluster.commands import Series, at_budget
    from cluster.config import validate

    found: dict[str, Any] = {}
    of_random = []
    for name, steps in arms(target, arguments).items():
        arm = validate(config(name, target, steps, arguments), name)
        budgets = [1.0, *arguments.budgets] if name == "random" else [1.0]
        for budget in budgets:
            runs = [asked(recipe, arm.store, target) for recipe in at_budget(arm, budget, Series(arguments.seeds))]
            print(f"{target}: {name} at {budget:g} of the tokens: {[round(bits, 4) for _, bits in runs]}", flush=True)
            of_random += runs if name == "random" else []
            if budget == 1:
                found[name] = [bits for _, bits in runs]
    return {**found, "multiplier": multiplier(of_random, mean(found["best"]), mean(found["random"]))}


def asked(recipe: "Recipe", store: str, target: str) -> tuple[float, float]:
    """The training FLOPs of a recipe, and the bits per byte of the task's continuations that its model comes to."""
    from pipelines.store.store import Store
    from training.execution import execute
    from training.results import Asked

    finished = execute(recipe, Store(store))
    assert finished.tasks is not None
    return finished.training.flops, finished.tasks.details_as(Asked).tasks[target].bits_per_byte


def multiplier(runs: list[tuple[float, float]], best: float, random: float) -> str:
    """How many times its FLOPs random needs to be as good: read off the power law through all its runs."""
    from cluster.report.multiplier import Law

    flops, bits = np.array(runs).T
    law = Law.through(flops, bits)
    if np.isnan(law.slope):
        return "no law: more training of random does not help"
    which = {"exact": "", "at least": "at least ", "at most": "at most "}[law.bound(np.array(best))]
    return f"{which}{float(law.factor(np.array(best), np.array(random))):.2f}"


def mean(values: list[float]) -> float:
    """Of the seeds."""
    return sum(values) / len(values)


def arms(target: str, arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """The last steps of each arm; the first is the one to beat."""
    score = {"kind": "score", "scorer": {"kind": "datamodel", "model": f"@{target}", "workers": 2}}

    def chosen(**selector: Any) -> dict[str, Any]:
        return {"kind": "select", "selector": {"fraction": arguments.keep, "of": "bytes", **selector}}

    return {
        "random": {"chosen": chosen(kind="random")},
        "best": {"helpful": score, "chosen": chosen(kind="top_fraction", by="helpful")},
        "worst": {"helpful": score, "chosen": chosen(kind="top_fraction", by="helpful", order="ascending")},
    }


def config(name: str, target: str, steps: dict[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole config of an arm."""
    data = {"seed": 0, "source": mixture(arguments.data), "codec": {"kind": "bpe", "vocab": 2000}, "pack": pack()}
    return {
        "name": name,
        "store": str((arguments.out / "store").absolute()),
        "models": {"proxy": proxy(arguments), target: datamodel(target, arguments)},
        "data": {**data, "steps": {**candidates(arguments), **steps}},
        "training": {**training(arguments.tokens), "evaluate_every_steps": 50},
        "evaluation": {
            "held_out": half(target, "held_out", arguments),
            "tasks": {target: task(target, arguments)},
        },
    }


def mixture(data: Path) -> dict[str, Any]:
    """All shards of the mixture."""
    kinds = {"lines": ("jsonl", "*.jsonl.zst"), "tables": ("parquet", "*.parquet")}
    parts = {
        name: {"source": {"kind": kind, "path": str(data / "mixture" / pattern)}}
        for name, (kind, pattern) in kinds.items()
    }
    return {"kind": "mixture", "parts": parts}


def clean(arguments: argparse.Namespace) -> dict[str, Any]:
    """Documents that no held-out half is in."""
    against = {target: half(target, "held_out", arguments) for target in TASKS}
    return {"dedup": {"kind": "dedup_exact"}, "safe": {"kind": "decontaminate", "against": against}}


def candidates(arguments: argparse.Namespace) -> dict[str, Any]:
    """The passages that are chosen from."""
    return {
        **clean(arguments),
        "cut": {"kind": "cut", "model": "@proxy.1", "tokens": LENGTH},
        "pool": {"kind": "select", "selector": {"kind": "random", "fraction": arguments.pool}},
    }


def proxy(arguments: argparse.Namespace) -> dict[str, Any]:
    """Two small models, each trained on a half of the documents of its own."""
    half_of_all = {"half": {"kind": "select", "selector": {"kind": "random", "fraction": 0.5}}}
    data = {"source": mixture(arguments.data), "steps": {**clean(arguments), **half_of_all}}
    data = {**data, "codec": {"kind": "bpe", "vocab": 2000}, "pack": pack()}
    return {"copies": 2, "data": data, "training": training(arguments.proxy_tokens)}


def datamodel(target: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """The datamodel of the target half, made of all candidates."""
    data = {"seed": 0, "source": mixture(arguments.data), "steps": candidates(arguments)}
    targets = {target: {"task": task(target, arguments)}}
    return {"data": data, "datamodel": {"models": ["@proxy"], "targets": targets, "features": {"workers": 2}}}


def half(target: str, which: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One half of a task as documents."""
    return {"kind": "task", "task": task(target, arguments), "half": which}


def task(target: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """A task of the data folder."""
    return {**TASKS[target], "name": target, "path": str(arguments.data / "tasks" / f"{target}.jsonl")}


def pack() -> dict[str, Any]:
    """Sequences as long as passages."""
    return {"length": LENGTH}


def training(tokens: int) -> dict[str, Any]:
    """The model of proxies and arms: 0.8 million weights beside the embedding."""
    sizes = {"tokens": tokens, "batch_tokens": 2048, "learning_rate": 0.003}
    return {"model": {"kind": "llama", "layers": 4}, **sizes}


def parser() -> argparse.ArgumentParser:
    """What the experiment and its validation are told."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--pool", type=float, default=0.14, help="of all passages: how many are candidates")
    parser.add_argument("--keep", type=float, default=1 / 6, help="of the candidates' bytes: how many are trained on")
    parser.add_argument("--tokens", type=int, default=409_600, help="of each arm's training")
    parser.add_argument("--proxy-tokens", type=int, default=819_200, help="of each proxy's training")
    return parser


def parse_arguments() -> argparse.Namespace:
    """What the command line says."""
    given = parser()
    given.add_argument("--targets", nargs="+", default=list(TASKS), choices=list(TASKS))
    given.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given.add_argument("--budgets", type=float, nargs="*", default=[0.25, 0.5, 2], help="of random, times --tokens")
    return given.parse_args()


if __name__ == "__main__":
    main()
