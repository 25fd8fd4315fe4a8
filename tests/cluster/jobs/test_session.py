"""A session: its own Ray is closed to others, and one that does not come up is a sentence."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.jobs.session import session
from pipelines.contracts.mistakes import Mistake

OPEN_TO_OTHERS = """
import psutil
from cluster.jobs.session import session
with session():
    import ray
    ray.get(ray.remote(lambda: 1).remote())
    node = ray._private.worker._global_node
    mine = [psutil.Process(), *psutil.Process().children(recursive=True)]
    ips = {each.laddr.ip for process in mine for each in process.net_connections("inet") if each.status == "LISTEN"}
    print(sorted(ips - {"127.0.0.1", "::1", "::ffff:127.0.0.1"}), node.get_session_dir_path())
"""


@pytest.mark.process
def test_a_local_ray_listens_on_the_loopback_alone_and_its_files_are_private(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment |= {"TMPDIR": str(short := Path(f"/tmp/g{os.getpid()}")), "RAY_USAGE_STATS_ENABLED": "0"}
    short.mkdir()
    try:
        done = subprocess.run(
            [sys.executable, "-c", OPEN_TO_OTHERS], env=environment, capture_output=True, text=True, timeout=120
        )
        open_ips, folder = done.stdout.strip().splitlines()[-1].split(" ", 1)
        assert open_ips == "[]", done.stderr
        private = short / f"gleaner-{os.getuid()}"
        assert folder.startswith(f"{private}/ray/session_")
        assert private.stat().st_mode & 0o777 == 0o700
    finally:
        subprocess.run(["rm", "-rf", str(short)], check=True)


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Ray was asked for, each time that it was started; it never comes up."""
    import ray

    asked: list[dict[str, Any]] = []

    def init(**options: Any) -> None:
        asked.append(options | {"environment": dict(os.environ)})
        raise Exception("The current node timed out during startup.\nraylet log: ...")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(os, "environ", {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"})
    return asked


def test_a_ray_that_does_not_start_is_tried_twice_and_told_in_a_sentence(
    starts: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    words = r"^Ray did not start, twice: The current node timed out during startup\.; this machine has \d+ cores and"
    with caplog.at_level(logging.WARNING), pytest.raises(Mistake, match=words), session():
        pass
    assert len(starts) == 2
    assert "it is tried once more" in caplog.text


def test_where_nobody_listens_a_sentence_says_so_at_once(
    monkeypatch: pytest.MonkeyPatch, free_ports: Iterator[int]
) -> None:
    for address in (f"127.0.0.1:{next(free_ports)}", f"ray://127.0.0.1:{next(free_ports)}"):
        monkeypatch.setattr(os, "environ", {**os.environ, "RAY_ADDRESS": address})
        begun = time.monotonic()
        with pytest.raises(Mistake, match=f"no Ray cluster answers at '{address}' .*refused.*unset it"), session():
            pass
        assert time.monotonic() - begun < 5
    monkeypatch.setattr(os, "environ", {**os.environ, "RAY_ADDRESS": "head:x"})
    with pytest.raises(Mistake, match=r"no Ray cluster answers at 'head:x' \(Port could not.*unset it"), session():
        pass


def test_a_cluster_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    def init(**options: Any) -> None:
        raise ConnectionError("Could not read session name")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setattr(os, "environ", {**os.environ, "RAY_ADDRESS": address})
        with pytest.raises(Mistake, match=rf"no Ray cluster answers at '{address}' \(Could not.*unset it"), session():
            pass


def test_workers_tokenize_with_one_core_and_the_driver_with_all(starts: list[dict[str, Any]]) -> None:
    os.environ.pop("TOKENIZERS_PARALLELISM", None)
    with pytest.raises(Mistake), session():
        pass
    assert starts[0]["environment"]["TOKENIZERS_PARALLELISM"] == "false"
    assert "TOKENIZERS_PARALLELISM" not in os.environ


def test_the_workers_that_a_local_ray_starts_ahead_fit_every_task(starts: list[dict[str, Any]]) -> None:
    with pytest.raises(Mistake), session():
        pass
    assert "runtime_env" not in starts[0]
    assert starts[0]["environment"]["NUMBA_CACHE_DIR"]


@pytest.mark.parametrize("someone_looks", [True, False])
def test_a_local_ray_has_a_dashboard_where_its_address_is_told_to_someone(
    starts: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, someone_looks: bool
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)  # as in `gleaner run mine.yaml > log`
    monkeypatch.setattr(sys.stderr, "isatty", lambda: someone_looks)
    with pytest.raises(Mistake), session():
        pass
    assert starts[0]["include_dashboard"] is someone_looks
