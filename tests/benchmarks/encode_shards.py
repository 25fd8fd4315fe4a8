"""Step `encode` over shards by Ray Data on two cores against the same step in one process on one core.

    python tests/benchmarks/encode_shards.py [--data mixture/] [--copies 24] [--codec '{"kind": ...}']

The corpus is `mixture/`, every shard `copies` times as long. Both sides read the same stored shards, encode them with
the same trained codec, decode a sample again, and write zstd Parquet. Training the codec is not part of either time.
The limit is what two bare processes reach, each with half of the shards. Prints MB/s of all, the ratio of Ray Data to
one process (bar: 1.6) and that of two processes, each the median of five; ends with one JSON line.
"""

import argparse
import functools
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}  # one core each

import pyarrow as pa
import pyarrow.parquet as pq
from measuring import DATA, shard_texts

from pipelines.contracts.codec import Codec
from pipelines.contracts.rows import CODEC_FILES, Fitted
from pipelines.contracts.source import Source
from pipelines.contracts.step import Corpus, Step, StepFn
from pipelines.passes.step_work import StepWork
from pipelines.passes.units import Attempt, Unit, shard_units
from pipelines.stage import apply_step, ingest
from pipelines.steps.encode import Encode
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

BAR = 1.6


class Trained(Encode):
    """Step `encode` with a codec that was trained before the clock was started; `attempt` keeps addresses apart."""

    kind: str = "encode"
    attempt: int

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        return FITTED


FITTED: Fitted = {}


def lengthened(data: Path, copies: int, folder: Path) -> None:
    """The shards of the mixture, each `copies` times as long, one row group each."""
    for file in sorted(data.glob("part-*")):
        texts = shard_texts(file)
        many = [f"Copy {copy}. {text}" for copy in range(copies) for text in texts]
        pq.write_table(pa.table({"text": many}), folder / f"{file.name.split('.')[0]}.parquet")


def in_processes(count: int, step: Step, manifest: Manifest, store: Store) -> float:
    """Seconds of the step over all shards by so many processes of equal shares, without Ray."""
    started = time.perf_counter()
    units = shard_units(manifest)
    with ProcessPoolExecutor(count, multiprocessing.get_context("fork")) as pool:  # a fork inherits FITTED
        jobs = [pool.submit(_encode, step, manifest, store, units[first::count]) for first in range(count)]
    for job in jobs:
        job.result()
    return time.perf_counter() - started


def _encode(step: Step, manifest: Manifest, store: Store, units: list[Unit]) -> None:
    opener = functools.partial(_open, step)
    work = StepWork(Attempt.begin(store, f"plain-{time.time_ns():x}"), manifest, step.suffix, opener).open()
    for unit in units:
        work(unit)


def _open(step: Step) -> StepFn:
    return step.open(FITTED, 0)


def through_ray(step: Step, manifest: Manifest, store: Store) -> float:
    """Seconds of the step by Ray Data."""
    started = time.perf_counter()
    apply_step("encode", step, manifest, store, 0)
    return time.perf_counter() - started


def measure(store: Store, manifest: Manifest, codec: Codec) -> dict[str, Any]:
    """All sides in turn, five times."""
    through_ray(Trained(codec=codec, attempt=0), manifest, store)  # compiles the kernels, starts the workers
    seconds: dict[str, list[float]] = {"one_process": [], "two_processes": [], "ray": []}
    for attempt in range(1, 6):
        step = Trained(codec=codec, attempt=attempt)
        seconds["one_process"].append(in_processes(1, step, manifest, store))
        seconds["ray"].append(through_ray(step, manifest, store))
        seconds["two_processes"].append(in_processes(2, step, manifest, store))
    megabytes = manifest.bytes / 1e6
    ratios, limits = (
        [one / two for one, two in zip(seconds["one_process"], seconds[side], strict=True)]
        for side in ("ray", "two_processes")
    )
    return {
        "shards": len(manifest.shards),
        "megabytes": megabytes,
        **{f"{side}_mb_per_second": megabytes / statistics.median(times) for side, times in seconds.items()},
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        "two_processes_ratio": statistics.median(limits),
        "two_processes_ratios": limits,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA / "mixture")
    parser.add_argument("--copies", type=int, default=24)
    parser.add_argument("--codec", default='{"kind": "equal_info_dense"}')
    arguments = parser.parse_args()
    import ray
    from ray.data import DataContext

    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        _system_config={"idle_worker_killing_time_threshold_ms": 3_600_000},  # passes of a build follow each other
    )
    DataContext.get_current().enable_progress_bars = False
    codec = Codec.model_validate(json.loads(arguments.codec))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "raw").mkdir()
        lengthened(arguments.data, arguments.copies, folder / "raw")
        store = Store(str(folder / "store"))
        manifest = ingest(Source.model_validate({"kind": "parquet", "path": str(folder / "raw/*.parquet")}), store, 1.0)
        learned = pq.read_table(store.path(manifest.shards[0].file), columns=["id", "text"]).slice(0, 4000)
        FITTED[CODEC_FILES] = codec.train(lambda *_: learned["text"].to_pylist(), 0)
        result = measure(store, manifest, codec)
    print(f"{result['shards']} shards, {result['megabytes']:.0f} MB")
    for side in ("one_process", "two_processes", "ray"):
        print(f"{side:15}{result[f'{side}_mb_per_second']:6.1f} MB/s")
    print(f"ratio {result['ratio']:.2f} (bar {BAR}, two bare processes {result['two_processes_ratio']:.2f})")
    print(json.dumps({"benchmark": "encode_shards", "codec": json.loads(arguments.codec), "bar": BAR, **result}))


if __name__ == "__main__":
    main()
