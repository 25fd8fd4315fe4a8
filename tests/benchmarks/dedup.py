"""Exact deduplication of documents: the step dedup_exact through Ray against dolma and datatrove, from files to files.

    python tests/benchmarks/dedup.py --datatrove VENV --dolma VENV [--data mixture/] [--copies 1,4,16]

The peers are not installed here: each is a virtual environment that has it. The corpus is `mixture/` replicated with
changed text, and its first shard once more. The step reads zstd Parquet of its store, folds the texts and writes such
Parquet; dolma (a Bloom filter of the bytes of a text, then its mixer) and datatrove (signatures, finder, filter) read
and write compressed JSON lines, one process each, as they are made to.

Prints megabytes of text a CPU-second of all processes: the step in a session that has run one before, the peers with
their start. Ends with one JSON line.
"""

import argparse
import gzip
import json
import os
import resource
import subprocess
import tempfile
from pathlib import Path

from measuring import DATA, processor_seconds, shard_texts

from pipelines.contracts.source import Source
from pipelines.contracts.step import Step
from pipelines.stage import apply_step, ingest
from pipelines.store.store import Store

DATATROVE = """
import sys
from datatrove.pipeline.dedup.exact_dedup import *
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
documents, work = sys.argv[1:]
config = ExactDedupConfig(content_getter=lambda document: document.text)
ExactDedupSignature(f"{work}/signatures", config).run(JsonlReader(documents)(), 0, 1)
ExactFindDedups(f"{work}/signatures", f"{work}/found", config).run(None, 0, 1)
kept = ExactDedupFilter(f"{work}/found", config).run(JsonlReader(documents)(), 0, 1)
for _ in JsonlWriter(f"{work}/kept").run(kept, 0, 1): pass
"""


def write_corpus(data: Path, copies: int, folder: Path) -> None:
    """`copies` of every shard of the mixture with texts of their own, and the first shard again."""
    files = sorted(data.glob("part-*"))
    for number, (file, copy) in enumerate([*((file, copy) for file in files for copy in range(copies)), (files[0], 0)]):
        texts = [f"This is copy number {copy}. {text}" for text in shard_texts(file)]
        with gzip.open(folder / f"part-{number:04d}.jsonl.gz", "wt", compresslevel=1, encoding="utf-8") as out:
            for row, text in enumerate(texts):
                out.write(json.dumps({"id": f"{number}-{row}", "source": "mixture", "text": text}) + "\n")


def step_seconds(documents: Path, folder: Path) -> tuple[float, float, int]:
    """CPU-seconds of the step, the corpus in megabytes, and the duplicates found."""
    store = Store(str(folder / "store"))
    source = Source.model_validate({"kind": "jsonl", "path": str(documents / "*.jsonl.gz")})
    manifest = ingest(source, store, 1.0)
    before = processor_seconds()
    kept = apply_step("dedup", Step.model_validate({"kind": "dedup_exact"}), manifest, store, 0)
    return processor_seconds() - before, manifest.bytes / 1e6, manifest.rows - kept.rows


def command_seconds(*command: str) -> float:
    """CPU-seconds of a command and its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def datatrove_seconds(venv: Path, documents: Path, work: Path) -> float:
    """CPU-seconds of its three stages."""
    return command_seconds(str(venv / "bin/python"), "-c", DATATROVE, str(documents), str(work))


def dolma_seconds(venv: Path, documents: Path, work: Path) -> float:
    """CPU-seconds of its deduper and its mixer."""
    files = str(documents / "*.jsonl.gz")
    size = {"estimated_doc_count": 1_000_000, "desired_false_positive_rate": 1e-8}
    dedupe = {"name": "dup", "documents": {"attribute_name": "dup", "key": "$.text"}, "skip_empty": True}
    bloom = {"file": str(work / "bloom.bin"), "read_only": False, **size}
    output = {"path": str(work / "kept"), "max_size_in_bytes": 1 << 28}
    excluded = ["$@.attributes[?(@.dup && @.dup[0] && @.dup[0][2] >= 1.0)]"]
    stream = {
        "name": "kept",
        "documents": [files],
        "output": output,
        "attributes": ["dup"],
        "filter": {"exclude": excluded},
    }
    work.mkdir()
    (work / "dedupe.json").write_text(
        json.dumps({"documents": [files], "dedupe": dedupe, "bloom_filter": bloom, "processes": 1})
    )
    (work / "mix.json").write_text(json.dumps({"streams": [stream], "processes": 1}))
    dolma = str(venv / "bin/dolma")
    return sum(command_seconds(dolma, "-c", str(work / f"{name}.json"), name) for name in ("dedupe", "mix"))


def measure(arguments: argparse.Namespace, copies: int) -> dict[str, float]:
    """All three over the corpus at this size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        documents = folder / "corpus" / "documents"
        documents.mkdir(parents=True)
        write_corpus(arguments.data, copies, documents)
        seconds, megabytes, duplicates = step_seconds(documents, folder)
        datatrove = datatrove_seconds(arguments.datatrove, documents, folder / "datatrove")
        dolma = dolma_seconds(arguments.dolma, documents, folder / "dolma")
    speeds = {"gleaner": megabytes / seconds, "datatrove": megabytes / datatrove, "dolma": megabytes / dolma}
    return {"copies": copies, "megabytes": megabytes, "duplicates": duplicates, **speeds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA / "mixture")
    parser.add_argument("--copies", default="1,4,16")
    parser.add_argument("--datatrove", type=Path, required=True)
    parser.add_argument("--dolma", type=Path, required=True)
    arguments = parser.parse_args()
    import ray
    from ray.data import DataContext

    ray.init(num_cpus=os.cpu_count(), include_dashboard=False, log_to_driver=False, logging_level="error")
    DataContext.get_current().enable_progress_bars = False
    with tempfile.TemporaryDirectory() as name:  # the workers are there, and the kernels are compiled
        (documents := Path(name) / "documents").mkdir()
        write_corpus(arguments.data, 1, documents)
        step_seconds(documents, Path(name))
    results = [measure(arguments, int(copies)) for copies in arguments.copies.split(",")]
    for each in results:
        speeds = ", ".join(f"{name} {each[name]:.1f}" for name in ("gleaner", "datatrove", "dolma"))
        print(f"{each['megabytes']:6.0f} MB, {each['duplicates']} duplicates: {speeds} MB/CPU-s")
    print(json.dumps({"benchmark": "dedup", "results": results}))


if __name__ == "__main__":
    main()
