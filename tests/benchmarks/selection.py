"""Does a datamodel choose text that helps a task? Random, a datamodel's best and its worst, task by task.

    python tests/benchmarks/selection.py --out FOLDER [--targets lambada ...] [--seeds 0 1 2] [--budgets 0.25 0.5 2]

The candidates are passages of about 128 tokens of `mixture/`, without those that share 13 words with a held-out half.
Two proxies are trained on random halves of them. For each task a datamodel of its target half scores them; the best and
the worst sixth are trained on for as many FLOPs as a random sixth, and all are evaluated on the held-out half. Random
sixths that are trained for other budgets tell how many times the FLOPs random needs to get as far (its multiplier). It
goes on where it was when it is typed again. Prints a table and ends with one JSON line.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import yaml
from measuring import DATA

TASKS = {
    "lambada": {"kind": "completion"},
    "squad_like": {"kind": "completion"},
    "arc_easy": {"kind": "multiple_choice", "delimiter": "\nAnswer: "},
    "bigbench_operators": {"kind": "completion"},
}
LENGTH = 128


def main() -> None:
    """Compares the three arms of every task."""
    arguments = parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    reports = {target: compared(target, arguments) for target in arguments.targets}
    results = {target: [summary(arm) for arm in report["arms"]] for target, report in reports.items()}
    print(f"{'target':20} {'best':>8} {'random':>8} {'worst':>8}  spread  multiplier of best")
    for target, (random, best, worst) in results.items():
        means = [sum(arm["bits_per_byte"]) / len(arm["bits_per_byte"]) for arm in (best, random, worst)]
        spread = max(max(arm["bits_per_byte"]) - min(arm["bits_per_byte"]) for arm in (best, random, worst))
        told = f"{best['multiplier_is']} {best['multiplier']} {best['multiplier_interval']}"
        print(f"{target:20} {means[0]:8.3f} {means[1]:8.3f} {means[2]:8.3f} {spread:7.3f}  {told}")
    print(json.dumps(results))


def compared(target: str, arguments: argparse.Namespace) -> Any:
    """The report of the three arms of a target; the first is random."""
    from cluster.commands import Series, compare

    folder = arguments.out / target
    folder.mkdir(exist_ok=True)
    files = []
    for name, steps in arms(target, arguments).items():
        file = folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(config(name, target, steps, arguments), sort_keys=False))
        files.append(str(file))
    print(compare(files, str(folder / "report"), Series(arguments.seeds, arguments.budgets), []), flush=True)
    return json.loads((folder / "report" / "report.json").read_text())


def summary(arm: dict[str, Any]) -> dict[str, Any]:
    """The name of an arm, its held-out bits per byte, a value a seed, and its multiplier."""
    return {
        "arm": arm["name"],
        "bits_per_byte": [seed["value"] for seed in arm["bits_per_byte"]["seeds"]],
        "multiplier": arm["compute_multiplier"],
        "multiplier_is": arm["multiplier_is"],
        "multiplier_interval": arm["multiplier_interval"],
    }


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
        "evaluation": {"held_out": half(target, "held_out", arguments)},
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


def parse_arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--targets", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--budgets", type=float, nargs="*", default=[0.25, 0.5, 2], help="of random, times --tokens")
    parser.add_argument("--pool", type=float, default=0.14, help="of all passages: how many are candidates")
    parser.add_argument("--keep", type=float, default=1 / 6, help="of the candidates' bytes: how many are trained on")
    parser.add_argument("--tokens", type=int, default=409_600, help="of each arm's training")
    parser.add_argument("--proxy-tokens", type=int, default=819_200, help="of each proxy's training")
    return parser.parse_args()


if __name__ == "__main__":
    main()
