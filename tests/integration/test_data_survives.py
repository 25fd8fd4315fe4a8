"""The data path, broken on purpose: killed drivers and workers, two builders, a full disk, other worker counts."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

pytestmark = pytest.mark.process

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = 6_000
ENGINE = '''
"""An engine of a user's own: slow, and it writes down what it was asked."""
import os, signal, time
from pathlib import Path
from typing import Annotated
from pipelines.contracts.component import PLACEMENT
from pipelines.contracts.engine import Engine, EngineFn, Reply
from pipelines.contracts.rows import Resources

class Slow(Engine):
    log: Annotated[str, PLACEMENT]
    seconds: Annotated[float, PLACEMENT] = 0.0
    kill_once: Annotated[str, PLACEMENT] = ""
    workers: Annotated[int, PLACEMENT] = 1

    @property
    def resources(self) -> Resources:
        return Resources(cpus=0.5, workers=self.workers)

    def open(self) -> EngineFn:
        def answer(prompts):
            if self.kill_once and not Path(self.kill_once).exists():
                Path(self.kill_once).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(self.seconds)
            with open(self.log, "a") as log:
                log.write("".join(prompt.text.split()[0] + chr(10) for prompt in prompts))
            return [Reply("EDITED: " + prompt.text.replace("utilize", "use") + " <end>") for prompt in prompts]
        return answer
'''


@pytest.fixture
def config(tmp_path: Path) -> dict:
    """A run that rewrites 6,000 documents in six units, and packs them."""
    corpus = tmp_path / "corpus.jsonl"
    lines = [
        {"text": f"d{number} is a document. We utilize it for test number {number}."} for number in range(DOCUMENTS)
    ]
    corpus.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "__init__.py").touch()
    (tmp_path / "acme" / "slow.py").write_text(ENGINE)
    engine = {"kind": "acme.slow", "log": str(tmp_path / "asked.txt")}
    return {
        "name": "survivor",
        "store": str(tmp_path / "store"),
        "data": {
            "source": {"kind": "jsonl", "path": str(corpus)},
            "steps": {"easy": {"kind": "rewrite", "rewriter": {"kind": "leaner"}, "engine": engine}},
            "codec": {"kind": "bytes"},
            "pack": {"length": 64},
        },
        "evaluation": {"held_out": {"kind": "jsonl", "path": str(corpus)}},
    }


@pytest.fixture
def start(ray_session: None, tmp_path: Path) -> Iterator:
    """Starts `gleaner data` on a config as a driver of its own on the shared Ray; ends what is left at the end."""
    import ray

    address = ray.get_runtime_context().gcs_address
    started: list[subprocess.Popen] = []

    def run(config: dict) -> subprocess.Popen:
        file = tmp_path / f"run-{len(started)}.yaml"
        file.write_text(yaml.safe_dump(config))
        environment = {**os.environ, "RAY_ADDRESS": address, "PYTHONPATH": f"{REPOSITORY}:{tmp_path}"}
        command = [sys.executable, "-m", "cluster.run", "data", str(file)]
        process = subprocess.Popen(
            command, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()


def finish(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output[-3000:]
    return output


def stage(config: dict, kind: str) -> Manifest:
    store = Store(config["store"])
    (address,) = {
        path.parent.name for path in Path(config["store"]).glob("*/manifest.json") if path.parent.name.startswith(kind)
    }
    manifest = store.manifest(address)
    assert manifest is not None
    return manifest


def rows(config: dict, kind: str) -> list[dict]:
    store = Store(config["store"])
    return pa.concat_tables([store.read_table(shard) for shard in stage(config, kind).shards]).to_pylist()


def asked(config: dict) -> Counter:
    return Counter(Path(config["data"]["steps"]["easy"]["engine"]["log"]).read_text().split())


def set_engine(config: dict, **parameters: object) -> dict:
    copy = json.loads(json.dumps(config))
    copy["data"]["steps"]["easy"]["engine"].update(parameters)
    return copy


def test_a_killed_driver_goes_on_where_it_was(config, start, tmp_path) -> None:
    process = start(set_engine(config, seconds=2.0))
    units = Path(config["store"])
    deadline = time.monotonic() + 120
    while len(list(units.glob("easy-*/units/*.json"))) < 2:
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = len(list(units.glob("easy-*/units/*.json")))
    assert 2 <= finished < 6
    assert not list(units.glob("easy-*/manifest.json")), "half-done data must have no manifest"

    finish(start(config))
    undisturbed = {**set_engine(config, log=str(tmp_path / "other.txt")), "store": str(tmp_path / "other")}
    finish(start(undisturbed))
    assert rows(config, "easy") == rows(undisturbed, "easy")
    assert rows(config, "pack") == rows(undisturbed, "pack")
    assert stage(config, "pack").address == stage(undisturbed, "pack").address
    times = asked(config)
    assert set(times) == {f"d{number}" for number in range(DOCUMENTS)}
    assert sum(times.values()) <= DOCUMENTS + 2 * 1024, "only what was under way may be asked again"


def test_a_killed_worker_loses_and_doubles_nothing(config, start, tmp_path) -> None:
    finish(start(set_engine(config, kill_once=str(tmp_path / "killed"))))
    assert (tmp_path / "killed").exists()
    texts = [row["text"] for row in rows(config, "easy")]
    assert texts == [f"d{number} is a document. We use it for test number {number}." for number in range(DOCUMENTS)]


def test_two_builders_at_once_both_end_well(config, start) -> None:
    both = [start(set_engine(config, seconds=0.5)) for _ in range(2)]
    for process in both:
        finish(process)
    assert [row["text"].split()[0] for row in rows(config, "easy")] == [f"d{number}" for number in range(DOCUMENTS)]


def test_other_worker_counts_give_the_same_addresses_and_rows(config, start, tmp_path) -> None:
    other = {**set_engine(config, workers=3), "store": str(tmp_path / "other")}
    for each in (config, other):
        finish(start(each))
    for kind in ("easy", "encode", "pack"):
        assert stage(config, kind).address == stage(other, kind).address
        assert rows(config, kind) == rows(other, kind)


def test_a_second_run_does_no_work(config, start) -> None:
    finish(start(config))
    once = asked(config)
    finish(start(config))
    assert asked(config) == once


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 kB; where this user may not mount one, the test skips."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("mounting a small file system needs more rights")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_named_and_leaves_no_manifest(config, start, small_disk) -> None:
    process = start({**config, "store": str(small_disk / "store")})
    output, _ = process.communicate(timeout=300)
    assert process.returncode != 0
    last = output.strip().splitlines()[-1]
    place = re.escape(str(small_disk / "store"))
    assert re.match(rf"gleaner: no space is left for '{place}/.*', [\d,]+ bytes are free there; what was", last), last
    assert not list((small_disk / "store").glob("easy-*/manifest.json"))
