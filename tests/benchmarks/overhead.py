"""The overhead of Ray: clean and exact dedup through the store against the same functions in a multiprocessing loop.

    python tests/benchmarks/overhead.py [--data mixture/] [--copies 1,4,16,20] [--workers 2]

The corpus is `mixture/`, replicated with changed text (a numbered sentence in front of every document), so that no
copy is a duplicate of another. Both sides read the same Parquet shards, run the same filters and the same hashing, and
write zstd Parquet. The multiprocessing loop keeps all hashes in its parent's memory, which a cluster could not.

Prints rows a second of both, their ratio, and the driver's memory before and after the pass; ends with one JSON line.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash
from measuring import DATA, shard_texts

from pipelines.contracts.rows import ID, TEXT
from pipelines.contracts.source import Source
from pipelines.contracts.step import Place, Step, StepFn
from pipelines.stage import apply_step, ingest
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.folding import folded

FILTERS = ["length", "repetition", "symbols", "language"]
CLEAN = Step.model_validate({"kind": "clean", "filters": [{"kind": kind} for kind in FILTERS]})
DEDUP = Step.model_validate({"kind": "dedup_exact"})


def replicate(data: Path, copies: int, folder: Path) -> None:
    """`copies` of every shard of the mixture in `folder`, each with text of its own."""
    for file in sorted(data.glob("part-*")):
        texts = shard_texts(file)
        for copy in range(copies):
            changed = [f"This is copy number {copy}. {text}" for text in texts]
            pq.write_table(pa.table({"text": changed}), folder / f"{file.name.split('.')[0]}-{copy}.parquet")


_clean: StepFn


def _open() -> None:
    global _clean
    _clean = CLEAN.open({}, 0)


def _first_pass(job: tuple[str, str]) -> tuple[list[bytes], list[str]]:
    source, target = job
    table = pq.read_table(source)
    rows = _clean(table, Place.in_shard(0, 0, table.num_rows)).rows
    pq.write_table(rows, target, compression="zstd")
    texts = pc.cast(folded(rows[TEXT].combine_chunks()), pa.binary()).to_pylist()
    return [xxhash.xxh3_128_digest(text) for text in texts], rows[ID].to_pylist()


def _second_pass(job: tuple[str, str, list[bool]]) -> int:
    source, target, keep = job
    rows = pq.read_table(source).filter(pa.array(keep))
    pq.write_table(rows, target, compression="zstd")
    return rows.num_rows


def plain(store: Store, manifest: Manifest, folder: Path, workers: int) -> tuple[int, float]:
    """Rows kept and seconds of the multiprocessing loop over the stored shards."""
    sources = [store.path(shard.file) for shard in manifest.shards]
    cleaned = [str(folder / f"clean-{number}.parquet") for number in range(len(sources))]
    unique = [str(folder / f"unique-{number}.parquet") for number in range(len(sources))]
    started = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(workers, _open) as pool:
        keyed = pool.map(_first_pass, zip(sources, cleaned, strict=True), chunksize=1)
        best: dict[bytes, tuple[str, int, int]] = {}
        for shard, (keys, ids) in enumerate(keyed):
            for row, (key, id_) in enumerate(zip(keys, ids, strict=True)):
                best[key] = min(best.get(key, (id_, shard, row)), (id_, shard, row))
        keep = [
            [best[key][1:] == (shard, row) for row, key in enumerate(keys)] for shard, (keys, _) in enumerate(keyed)
        ]
        rows = sum(pool.map(_second_pass, zip(cleaned, unique, keep, strict=True), chunksize=1))
    return rows, time.perf_counter() - started


def through_ray(store: Store, manifest: Manifest) -> tuple[int, float]:
    """Rows kept and seconds of the two steps."""
    started = time.perf_counter()
    cleaned = apply_step("clean", CLEAN, manifest, store, 0)
    return apply_step("dedup", DEDUP, cleaned, store, 0).rows, time.perf_counter() - started


def measure(data: Path, copies: int, workers: int) -> dict[str, float]:
    """Both sides over the corpus at this size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "raw").mkdir()
        (folder / "plain").mkdir()
        replicate(data, copies, folder / "raw")
        store = Store(str(folder / "store"))
        manifest = ingest(Source.model_validate({"kind": "parquet", "path": str(folder / "raw/*.parquet")}), store, 1.0)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kept, seconds = through_ray(store, manifest)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        plain_kept, plain_seconds = plain(store, manifest, folder / "plain", workers)
        assert kept == plain_kept, f"the two sides kept {kept} and {plain_kept} rows"
        shutil.rmtree(folder / "store")
    return {
        "copies": copies,
        "rows": manifest.rows,
        "megabytes": manifest.bytes / 1e6,
        "ray_rows_per_second": manifest.rows / seconds,
        "plain_rows_per_second": manifest.rows / plain_seconds,
        "ratio": plain_seconds / seconds,
        "driver_megabytes_before": before / 1024,
        "driver_megabytes_peak": peak / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA / "mixture")
    parser.add_argument("--copies", default="1,4,16,20")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    import ray
    from ray.data import DataContext

    ray.init(num_cpus=arguments.workers, include_dashboard=False, log_to_driver=False, logging_level="error")
    DataContext.get_current().enable_progress_bars = False
    measure(arguments.data, 1, arguments.workers)  # compiles the kernels on both sides
    results = [measure(arguments.data, int(copies), arguments.workers) for copies in arguments.copies.split(",")]
    print(f"{'copies':>6} {'rows':>8} {'MB':>7} {'Ray rows/s':>11} {'plain rows/s':>12} {'ratio':>6} {'driver MB':>18}")
    for each in results:
        memory = f"{each['driver_megabytes_before']:.0f} -> {each['driver_megabytes_peak']:.0f}"
        print(
            f"{each['copies']:>6} {each['rows']:>8} {each['megabytes']:>7.1f} {each['ray_rows_per_second']:>11.0f} "
            f"{each['plain_rows_per_second']:>12.0f} {each['ratio']:>6.2f} {memory:>18}"
        )
    print(json.dumps({"benchmark": "overhead", "workers": arguments.workers, "results": results}))


if __name__ == "__main__":
    main()
