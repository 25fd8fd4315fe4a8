"""The overhead of Ray: clean and exact dedup through the store against the same functions in a multiprocessing loop.

    python tests/benchmarks/overhead.py [--data mixture/] [--copies 1,4,16,20] [--shards 0] [--workers 2]

The corpus is `mixture/`, replicated with changed text (a numbered sentence in front of every document), so that no
copy is a duplicate of another; with `--shards 1000` it is cut into so many equal shards, however small. Both sides
read the same Parquet shards, run the same filters and the same hashing, and write zstd Parquet. The multiprocessing
loop keeps all hashes in its parent's memory, which a cluster could not.

Prints rows a second of both and their ratio, the same of processor seconds of all processes, and the driver's memory
before and after the pass; ends with one JSON line.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash
from measuring import DATA, processor_seconds, shard_texts

from pipelines.contracts.rows import ID, TEXT
from pipelines.contracts.source import Source
from pipelines.contracts.step import Place, Step, StepFn
from pipelines.passes.step_work import text_bytes
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


def recut(store: Store, manifest: Manifest, shards: int) -> Manifest:
    """The same rows in so many shards of equal rows."""
    rows = pa.concat_tables([store.read_table(shard) for shard in manifest.shards])
    edges = [number * rows.num_rows // shards for number in range(shards + 1)]
    written = []
    for number, (first, end) in enumerate(itertools.pairwise(edges)):
        table = rows.slice(first, end - first)
        written.append(store.write_table(f"recut-{shards}/x/part-{number:05d}.parquet", table, text_bytes(table)))
    return manifest.model_copy(update={"address": f"recut-{shards}", "shards": written})


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


def plain(store: Store, manifest: Manifest, folder: Path, workers: int) -> int:
    """Rows kept by the multiprocessing loop over the stored shards."""
    sources = [store.path(shard.file) for shard in manifest.shards]
    cleaned = [str(folder / f"clean-{number}.parquet") for number in range(len(sources))]
    unique = [str(folder / f"unique-{number}.parquet") for number in range(len(sources))]
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
        pool.close()
        pool.join()
    return rows


def through_ray(store: Store, manifest: Manifest) -> int:
    """Rows kept by the two steps."""
    cleaned = apply_step("clean", CLEAN, manifest, store, 0)
    return apply_step("dedup", DEDUP, cleaned, store, 0).rows


def timed(work: Callable[[], int]) -> tuple[int, float, float]:
    """What the work gives, its seconds, and its processor seconds in all processes."""
    started, spent = time.perf_counter(), processor_seconds()
    result = work()
    return result, time.perf_counter() - started, processor_seconds() - spent


def measure(data: Path, copies: int, shards: int, workers: int) -> dict[str, float]:
    """Both sides over the corpus at this size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "raw").mkdir()
        (folder / "plain").mkdir()
        replicate(data, copies, folder / "raw")
        store = Store(str(folder / "store"))
        manifest = ingest(Source.model_validate({"kind": "parquet", "path": str(folder / "raw/*.parquet")}), store, 1.0)
        if shards:
            manifest = recut(store, manifest, shards)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kept, seconds, spent = timed(lambda: through_ray(store, manifest))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        plain_kept, plain_seconds, plain_spent = timed(lambda: plain(store, manifest, folder / "plain", workers))
        assert kept == plain_kept, f"the two sides kept {kept} and {plain_kept} rows"
        shutil.rmtree(folder / "store")
    return {
        "copies": copies,
        "shards": len(manifest.shards),
        "rows": manifest.rows,
        "megabytes": manifest.bytes / 1e6,
        "ray_rows_per_second": manifest.rows / seconds,
        "plain_rows_per_second": manifest.rows / plain_seconds,
        "ratio": plain_seconds / seconds,
        "ray_processor_seconds": spent,
        "plain_processor_seconds": plain_spent,
        "processor_ratio": plain_spent / spent,
        "driver_megabytes_before": before / 1024,
        "driver_megabytes_peak": peak / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA / "mixture")
    parser.add_argument("--copies", default="1,4,16,20")
    parser.add_argument("--shards", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    import ray
    from ray.data import DataContext

    ray.init(num_cpus=arguments.workers, include_dashboard=False, log_to_driver=False, logging_level="error")
    DataContext.get_current().enable_progress_bars = False
    measure(arguments.data, 1, 0, arguments.workers)  # compiles the kernels on both sides
    sizes = [int(copies) for copies in arguments.copies.split(",")]
    results = [measure(arguments.data, copies, arguments.shards, arguments.workers) for copies in sizes]
    print(
        f"{'shards':>6} {'rows':>8} {'MB':>7} {'rows/s':>15} {'ratio':>6} {'CPU-s':>13} {'ratio':>6} {'driver MB':>12}"
    )
    for each in results:
        speeds = f"{each['ray_rows_per_second']:.0f} / {each['plain_rows_per_second']:.0f}"
        spent = f"{each['ray_processor_seconds']:.1f} / {each['plain_processor_seconds']:.1f}"
        memory = f"{each['driver_megabytes_before']:.0f} -> {each['driver_megabytes_peak']:.0f}"
        print(
            f"{each['shards']:>6} {each['rows']:>8} {each['megabytes']:>6.0f} {speeds:>15} {each['ratio']:>6.2f} "
            f"{spent:>13} {each['processor_ratio']:>6.2f} {memory:>12}"
        )
    print(json.dumps({"benchmark": "overhead", "workers": arguments.workers, "results": results}))


if __name__ == "__main__":
    main()
