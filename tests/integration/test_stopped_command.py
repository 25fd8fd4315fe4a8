"""A command that is stopped, by Ctrl-C or SIGTERM, says that it goes on, and does."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

pytestmark = [pytest.mark.process, pytest.mark.slow]
START_SECONDS = 300
SLOW = '''
import time
import pyarrow as pa
from pipelines.contracts.filter import Filter

class Slow(Filter):
    """Takes its time while a file says so."""

    flag: str

    def open(self):
        def judge(texts):
            import pathlib
            pathlib.Path(self.flag + ".begun").touch()
            while pathlib.Path(self.flag).exists():
                time.sleep(0.1)
            return pa.nulls(len(texts), pa.string())
        return judge
'''


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_command_goes_on_when_it_is_typed_again(tmp_path: Path, sign: signal.Signals) -> None:
    (tmp_path / "acme_slow").mkdir()
    (tmp_path / "acme_slow" / "slow.py").write_text(SLOW)
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"text": f"a text {n}"}) + "\n" for n in range(200)))
    flag = tmp_path / "flag"
    flag.touch()
    source = {"kind": "jsonl", "path": str(tmp_path / "texts.jsonl")}
    steps = {"slow": {"kind": "clean", "filters": [{"kind": "acme_slow.slow", "flag": str(flag)}]}}
    tree = {
        "name": "stopped",
        "store": str(tmp_path / "store"),
        "data": {"source": source, "steps": steps, "codec": "bytes", "pack": {"length": 32}},
        "training": {"tokens": 32_768},
        "evaluation": {"held_out": source},
    }
    (tmp_path / "stopped.yaml").write_text(yaml.safe_dump(tree))
    paths = os.pathsep.join([str(Path(__file__).resolve().parents[2]), str(tmp_path)])
    command = [sys.executable, "-m", "cluster.run", "data", "stopped.yaml"]
    _stop(command, tmp_path, paths, sign, "flag.begun")
    (manifest,) = (tmp_path / "store").glob("jsonl-*/manifest.json")
    before = manifest.stat().st_mtime_ns
    flag.unlink()
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, check=True, capture_output=True)
    assert manifest.stat().st_mtime_ns == before
    assert list((tmp_path / "store").glob("pack-*/manifest.json"))


def test_a_command_that_is_stopped_while_it_trains_says_that_it_goes_on(tmp_path: Path) -> None:
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"text": f"a text {n}"}) + "\n" for n in range(200)))
    source = {"kind": "jsonl", "path": str(tmp_path / "texts.jsonl")}
    tree = {
        "name": "stopped",
        "store": str(tmp_path / "store"),
        "data": {"source": source, "codec": "bytes", "pack": {"length": 32}},
        "training": {"model": {"kind": "llama", "layers": 1}, "tokens": 1_000_000_000, "batch_tokens": 512},
        "evaluation": {"held_out": source},
    }
    (tmp_path / "stopped.yaml").write_text(yaml.safe_dump(tree))
    command = [sys.executable, "-m", "cluster.run", "run", "stopped.yaml"]
    _stop(command, tmp_path, str(Path(__file__).resolve().parents[2]), signal.SIGINT, "store/train-*/run/metrics.jsonl")


def _stop(command: list[str], folder: Path, paths: str, sign: signal.Signals, begun: str) -> None:
    """The command gets the signal once a file like `begun` is in the folder, and ends as one that goes on."""
    process = subprocess.Popen(
        ["env", "--default-signal=INT", *command],  # a shell's background job, as a CI may be, ignores it
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not list(folder.glob(begun)) and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.1)
        assert list(folder.glob(begun))
        process.send_signal(sign)
        _, told = process.communicate(timeout=START_SECONDS)
    finally:
        process.kill()
    assert told.splitlines()[-1] == "gleaner: stopped; the same command goes on where it was"
    assert process.returncode == 130
