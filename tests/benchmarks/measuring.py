"""What several benchmarks share: the clock, where the corpora are, and the texts of the mixture's shards."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psutil

DATA = Path(os.environ.get("GLEANER_DATA", Path(__file__).parents[3] / "shared" / "data"))


def best_of_three(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and its processor seconds."""
    seconds = []
    for _ in range(3):
        started = time.process_time()
        result = work()
        seconds.append(time.process_time() - started)
    return result, min(seconds)


def processor_seconds() -> float:
    """Of this process and all that it started, those that have ended among them."""
    import psutil

    here = psutil.Process()
    return sum(map(_spent, [here, *here.children(recursive=True)]))


def _spent(process: "psutil.Process") -> float:
    import psutil

    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def rows(folder: Path, share: float) -> Iterator[dict[str, str]]:
    """The rows of the first `share` of the folder's compressed JSON-lines files, at least one."""
    import io
    import json

    import zstandard

    files = sorted(folder.glob("*.jsonl.zst"))
    for file in files[: max(1, round(share * len(files)))]:
        with file.open("rb") as raw:
            for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(raw), encoding="utf-8"):
                yield json.loads(line)


def shard_texts(file: Path) -> list[str]:
    """The texts of one shard of `mixture/`, Parquet or compressed JSON lines."""
    import orjson
    import pyarrow.parquet as pq
    import zstandard

    if file.suffix == ".parquet":
        texts: list[str] = pq.read_table(file, columns=["text"])["text"].to_pylist()
        return texts
    with file.open("rb") as raw:
        lines = zstandard.ZstdDecompressor().stream_reader(raw).read().splitlines()
    return [orjson.loads(line)["text"] for line in lines]
