"""Memory of the passes of a selection at 1, 4 and 16 times the candidates: it should not grow with them.

    python tests/benchmarks/memory.py [--rows 20000] [--times 1 4 16] [--data ../shared/data] [--model-rows 500]

The candidates are documents of `mixture/`, cut to 500 characters, and copies of them with a word of their own. Each
step runs through Ray with two workers; what a process holds is its resident memory without what it shares, looked at
twenty times a second: the driver's highest, and that of the worker that holds most. Steps that ask a model (a random
LLaMA of 70 thousand weights) get fewer rows. Prints a table and ends with one JSON line.
"""

import argparse
import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from embed import write_model
from measuring import DATA, rows

from pipelines.contracts.step import Step
from pipelines.stage import apply_step, ingest
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

EVERY_SECONDS = 0.05
CHARACTERS = 500
SHARD_ROWS = 5_000


def main() -> None:
    """Measures every step at every size."""
    from cluster.jobs.session import session

    arguments = parse_arguments()
    texts = [row["text"][:CHARACTERS] for row in rows(arguments.data / "mixture", 1.0)]
    found: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder, session():
        write_model(Path(folder) / "model", texts[:2_000])
        for times in arguments.times:
            for name, step, count in steps(Path(folder), texts, arguments):
                store = Store(f"{folder}/store-{times}-{name}")
                before = corpus(texts, count * times, Path(folder), store)
                for earlier in step[:-1]:
                    before = apply_step("earlier", earlier, before, store, 0)
                with highest() as peak:
                    apply_step(name, step[-1], before, store, 0)
                of_step = found.setdefault(name, {"driver_mb": [], "worker_mb": []})
                of_step["driver_mb"].append(peak.driver / 1e6)
                of_step["worker_mb"].append(peak.worker / 1e6)
                print(f"{name:22} {count * times:9,} rows: {peak.told()}", flush=True)
    print(json.dumps({"times": arguments.times, "steps": found}))


def steps(folder: Path, texts: list[str], arguments: argparse.Namespace) -> Iterator[tuple[str, list[Step], int]]:
    """The name of a step, the steps before it and itself, and how many rows it gets."""
    target = {"kind": "jsonl", "path": written(folder / "target.jsonl", texts[:200])}
    model, words = str(folder / "model"), "alike"
    hidden = {"kind": "hidden", "model": model, "context": 128, "workers": 2}

    def made(**tree: Any) -> Step:
        return Step.model_validate(tree)

    alike = made(kind="score", column=words, scorer={"kind": "ngram_importance", "target": target})
    embed = made(kind="embed", column="embedding", embedder=hidden)
    cluster = made(kind="cluster", column="cluster", clusters=16)
    top = {"kind": "top_fraction", "by": words, "fraction": 0.2}
    many, few = arguments.rows, arguments.model_rows
    yield "dedup_exact", [made(kind="dedup_exact")], many
    yield "ngram_importance", [alike], many
    yield "classifier", [made(kind="score", column="p", scorer={"kind": "classifier", "target": target})], many
    yield "select", [alike, made(kind="select", selector=top)], many
    yield "select_within", [alike, made(kind="select", within="source", max_share=0.5, selector=top)], many
    yield "proxy_loss", [made(kind="score", column="n", scorer=loss(model))], few
    yield "gradients", [made(kind="gradients", model=model, features=features())], few
    yield "embed", [embed], few
    yield "cluster", [embed, cluster], few
    yield "dedup_semantic", [embed, cluster, made(kind="dedup_semantic", keep=0.5)], few


def loss(model: str) -> dict[str, Any]:
    """The scorer by the loss of a model."""
    return {"kind": "proxy_loss", "model": model, "context": 128, "stride": 64, "workers": 2}


def features() -> dict[str, Any]:
    """How gradients are asked for."""
    return {"context": 128, "dimensions": 256, "workers": 2}


@dataclass
class Peak:
    """The most bytes that the driver held of its own, and any other process of the session."""

    driver: int = 0
    worker: int = 0

    def told(self) -> str:
        """In megabytes."""
        return f"driver {self.driver / 1e6:7.0f} MB, largest worker {self.worker / 1e6:7.0f} MB"


@contextmanager
def highest() -> Iterator[Peak]:
    """Looks at this process and those that it started until the block ends."""
    peak, ended, here = Peak(), threading.Event(), psutil.Process()

    def look() -> None:
        while not ended.wait(EVERY_SECONDS):
            peak.driver = max(peak.driver, held(here))
            peak.worker = max([peak.worker, *(held(each) for each in here.children(recursive=True) if is_worker(each))])

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def held(process: psutil.Process) -> int:
    """Resident bytes that the process does not share; 0 where it has ended."""
    return asked(process, lambda: process.memory_info().rss - process.memory_info().shared, 0)


def is_worker(process: psutil.Process) -> bool:
    """Whether it is a process in which Ray runs tasks or actors."""
    return asked(process, lambda: " ".join(process.cmdline()).startswith("ray::"), False)


def asked(process: psutil.Process, question: Callable[[], Any], otherwise: Any) -> Any:
    """The answer, or `otherwise` where the process has ended meanwhile."""
    try:
        return question()
    except psutil.NoSuchProcess:
        return otherwise


def corpus(texts: list[str], count: int, folder: Path, store: Store) -> Manifest:
    """So many documents of the store, each with a number in front, so that no two are equal."""
    file = folder / f"corpus-{count}.jsonl"
    if not file.exists():
        written(file, [f"{number} {texts[number % len(texts)]}" for number in range(count)])
    from pipelines.contracts.source import Source

    return ingest(Source.model_validate({"kind": "jsonl", "path": str(file)}), store, 0.0)


def written(file: Path, texts: list[str]) -> str:
    """The file of the texts as JSON lines."""
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return str(file)


def parse_arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000, help="of the smallest corpus")
    parser.add_argument("--model-rows", type=int, default=500, help="of it where a model is asked")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--data", type=Path, default=DATA)
    return parser.parse_args()


if __name__ == "__main__":
    main()
