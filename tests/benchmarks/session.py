"""What a command costs from its first import to its end: `gleaner data` of 26 MB, beside a session that maps one row.

    python tests/benchmarks/session.py [--data mixture/] [--rounds 3]

The command reads the mixture as Parquet and cleans, deduplicates, scores, selects, encodes and packs it, in a store of
its own. The bare session starts the same local Ray, lets Ray Data map one row and ends: no command can cost less.
Kernels are compiled and the model of the languages is there before (a first round is not counted).

Prints CPU-seconds of all processes, medians over the rounds, cumulated when a stage is done; ends with one JSON line.
A process's time is read 20 times a second, so what it takes in its last 50 ms is missing.
"""

import argparse
import ctypes
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from measuring import DATA, shard_texts

REPOSITORY = Path(__file__).parents[2]
BARE = """
from cluster.jobs.session import session
with session():
    import ray.data
    ray.data.from_items([{"row": 0}]).map_batches(lambda batch: batch).materialize()
"""
CONFIG = """
name: session
store: {folder}/store
data:
  source: {{kind: parquet, path: "{raw}/*.parquet"}}
  steps:
    clean: {{kind: clean, filters: [{{kind: length}}, {{kind: repetition}}, {{kind: symbols}}, {{kind: language}}]}}
    dedup: {{kind: dedup_exact}}
    sentence: {{kind: score, scorer: {{kind: sentence_length}}}}
    chosen: {{kind: select, selector: {{kind: top_fraction, by: sentence, fraction: 0.3, of: bytes}}}}
  codec: {{kind: bytes}}
  pack: {{length: 256}}
training: {{model: {{kind: llama, layers: 1}}, tokens: 100_000}}
evaluation: {{held_out: {{kind: parquet, path: "{raw}/part-00000.parquet"}}}}
"""
STAGE = re.compile(r"(\w+)-[0-9a-f]{12}: .* rows, ")
PR_SET_CHILD_SUBREAPER = 36


class Watched:
    """The processor seconds of all processes below this one since the watch began, those that have ended among them."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[int, float], float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def seconds(self) -> float:
        """Until now."""
        self._look()
        return sum(list(self._seconds.values()))

    def end(self) -> None:
        """No process is looked at any more."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            self._look()

    def _look(self) -> None:
        for process in psutil.Process().children(recursive=True):
            try:
                times = process.cpu_times()
                self._seconds[process.pid, process.create_time()] = times.user + times.system
            except psutil.NoSuchProcess:
                continue


def cost(*arguments: str, folder: str) -> dict[str, float]:
    """Processor seconds of a Python command when each of its stages was done, and at its end."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    watched = Watched()
    done: dict[str, float] = {}
    told = []
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            told.append(line)
            if found := STAGE.match(line):
                done[found[1]] = watched.seconds()
    psutil.wait_procs(psutil.Process().children(recursive=True), timeout=10)  # the processes of Ray end after it
    done["end"] = watched.seconds()
    watched.end()
    assert process.returncode == 0, "".join(told)
    return done


def rounds(data: Path, count: int) -> Iterator[dict[str, dict[str, float]]]:
    """Both sides in turn; the first round, which compiles the kernels, is left out."""
    with tempfile.TemporaryDirectory() as raw:
        for file in sorted(data.glob("part-*")):
            pq.write_table(pa.table({"text": shard_texts(file)}), f"{raw}/{file.name.split('.')[0]}.parquet")
        for number in range(count + 1):
            with tempfile.TemporaryDirectory() as folder:
                config = CONFIG.format(folder=folder, raw=raw)
                (Path(folder) / "session.yaml").write_text(config, encoding="utf-8")
                bare = cost("-c", BARE, folder=folder)
                command = cost("-m", "cluster.run", "data", "session.yaml", folder=folder)
            if number:
                yield {"bare": bare, "command": command}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA / "mixture")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    # The processes of Ray whose parent has ended become children of this one, and stay in sight.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    measured = list(rounds(arguments.data, arguments.rounds))
    bare = statistics.median(each["bare"]["end"] for each in measured)
    print(f"{'a session that maps one row':>30} {bare:6.1f} CPU-s")
    stages = {name: statistics.median(each["command"][name] for each in measured) for name in measured[0]["command"]}
    for name, seconds in stages.items():
        print(f"{name:>30} {seconds:6.1f} CPU-s")
    print(json.dumps({"benchmark": "session", "bare": bare, "stages": stages, "rounds": measured}))


if __name__ == "__main__":
    main()
