"""Submitted jobs: a real head node with tokens on, real jobs, Ctrl-C, and what a client without access is told."""

import itertools
import json
import os
import platform
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from pipelines.store.provenance import commit

pytestmark = pytest.mark.process

REPOSITORY = Path(__file__).resolve().parents[3]
START_SECONDS = 180
JOB_SECONDS = 240
LEFT_BEHIND = {".env", "runs/store/part.parquet", "tests/test_one.py", "docs/page.md", "deploy/server.key"}
CLIENT = """
import signal, sys
from cluster.jobs.submit import submit
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started without it
try:
    sys.exit(submit(sys.argv[2:], sys.argv[1] or None, "."))
except ValueError as error:
    sys.exit(f"gleaner: {error}")
"""
ASK = """
import sys
from cluster.jobs.submit import _connected, cluster_versions
print(cluster_versions(_connected(sys.argv[1])))
"""
WORKS = {
    "name": "works",
    "data": {
        "source": {"kind": "jsonl", "path": "corpus.jsonl"},
        "steps": {"clean": {"kind": "clean", "filters": [{"kind": "acme.no_spam"}]}},
        "codec": {"kind": "bytes"},
        "pack": {"length": 32},
    },
    "evaluation": {"held_out": {"kind": "jsonl", "path": "corpus.jsonl"}},
}
NO_SPAM = '''"""A filter that only the working dir has, so that workers can have it from nowhere else."""

import pyarrow as pa

from pipelines.contracts.filter import Filter, FilterFn


class NoSpam(Filter):
    """Drops texts about spam."""

    def open(self) -> FilterFn:
        """The judge."""
        return lambda texts: pa.array(["spam" if "spam" in text else None for text in texts.to_pylist()], pa.string())
'''


@dataclass(frozen=True)
class Head:
    """A running head node: its dashboard, its folder, the token, and an environment without that token."""

    address: str
    folder: Path
    token: str
    environment: dict[str, str]


def _copy_of_repository(folder: Path) -> Path:
    for name in ("pipelines", "training", "tuning", "cluster"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "cluster" / "runs").mkdir(exist_ok=True)
    (folder / "cluster" / "runs" / "works.yaml").write_text(yaml.safe_dump(WORKS), encoding="utf-8")
    lines = [json.dumps({"text": f"Document {row} is about {'spam' if row % 4 == 0 else 'ham'}."}) for row in range(40)]
    (folder / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "acme").mkdir()
    (folder / "acme" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "acme" / "no_spam.py").write_text(NO_SPAM, encoding="utf-8")
    for name in LEFT_BEHIND:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("stays here", encoding="utf-8")
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    for command in (["init", "-q"], ["add", "acme"], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the four packages with a config, and beside them what no job needs."""
    return _copy_of_repository(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def head(free_ports: Iterator[int]) -> Iterator[Head]:
    """`ray start --head` on free loopback ports with token authentication, ended by SIGTERM to that process alone."""
    folder = Path(tempfile.mkdtemp(prefix="g"))
    gcs, dashboard, client = itertools.islice(free_ports, 3)
    token = secrets.token_hex(16)
    search_path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_") and name != "PYTHONPATH"}
    environment = {**kept, "PATH": search_path, "HOME": str(folder), "RAY_USAGE_STATS_ENABLED": "0"}
    arguments = [
        *("--head", "--block", "--num-cpus=2", "--include-dashboard=true", "--disable-usage-stats"),
        *("--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1", f"--temp-dir={folder}"),
        *(f"--port={gcs}", f"--dashboard-port={dashboard}", f"--ray-client-server-port={client}"),
        *("--dashboard-agent-listen-port=0", "--dashboard-agent-grpc-port=0", "--metrics-export-port=0"),
        *("--min-worker-port=0", "--max-worker-port=0", f"--object-store-memory={80 << 20}"),
    ]
    with (folder / "start.log").open("wb") as log:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "ray", "start", *arguments],
            env={
                **environment,
                "RAY_AUTH_MODE": "token",
                "RAY_AUTH_TOKEN": token,
                "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",  # else SIGTERM takes 30 s
            },
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{dashboard}"
    try:
        _wait_for_dashboard(address, token, process, folder / "start.log")
        _wait_for_agent(folder)
        yield Head(address, folder, token, {**environment, "RAY_API_SERVER_ADDRESS": address})
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_dashboard(address: str, token: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/api/version", headers={"Authorization": f"Bearer {token}"}).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    pytest.fail(f"no head node: {log.read_text(encoding='utf-8')[-2000:]}")


def _wait_for_agent(folder: Path) -> None:
    """The agent takes the jobs; without its port it lives on and takes none, which only its log tells."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        ports = [file.read_text().strip() for file in folder.glob("session_2*/dashboard_agent_listen_port_*")]
        if ports and ports[0] != "-1":
            return
        time.sleep(0.5)
    logs = [file.read_text(encoding="utf-8")[-3000:] for file in folder.glob("session_2*/logs/dashboard_agent*")]
    pytest.fail(f"the head node has no agent for jobs: {ports} {' '.join(logs)}")


def _start(head: Head, project: Path, *arguments: str, address: str = "", **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, address, *arguments],
        cwd=project,
        env={**head.environment, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_job_runs_there_and_its_log_comes_here(head: Head, project: Path, tmp_path: Path) -> None:
    process = _start(head, project, "data", "cluster/runs/works.yaml", f"store={tmp_path}", RAY_AUTH_TOKEN=head.token)
    out, err = process.communicate(timeout=JOB_SECONDS)
    assert process.returncode == 0, out + err
    assert f"to {tmp_path}" in out
    assert out.rstrip().endswith("succeeded")
    manifests = [json.loads(file.read_text()) for file in tmp_path.glob("*/manifest.json")]
    assert {"acme.no_spam:spam": 10} in [manifest["dropped"] for manifest in manifests]
    assert {manifest["provenance"]["commit"] for manifest in manifests} == {commit(project)}
    assert "corpus.jsonl, pipelines/, training/, tuning/; it runs with the `python` of the cluster's image" in out
    assert head.token not in out + err
    assert "the cluster runs" not in err
    uploads = list(head.folder.glob("session_2*/runtime_resources/working_dir_files/_ray_pkg_*"))
    uploaded = {file.relative_to(folder).as_posix() for folder in uploads for file in folder.rglob("*")}
    assert {"cluster/run.py", "cluster/runs/works.yaml", "pipelines/rewriters/prompts/web.txt"} <= uploaded
    assert not uploaded & {*LEFT_BEHIND, ".git/HEAD"}


def test_the_head_node_tells_its_python_and_ray(head: Head, project: Path) -> None:
    import ray

    environment = {**head.environment, "RAY_AUTH_TOKEN": head.token}
    command = [sys.executable, "-c", ASK, head.address]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str({"Python": platform.python_version(), "Ray": ray.__version__}), done.stderr


def test_a_job_that_fails_says_why_and_passes_its_exit_status_on(head: Head, project: Path) -> None:
    command = ("data", "cluster/runs/works.yaml", "data.source.path=no-such-corpus/*.jsonl")
    process = _start(head, project, *command, RAY_AUTH_TOKEN=head.token)
    out, err = process.communicate(timeout=JOB_SECONDS)
    assert process.returncode == 2, out + err
    assert "no-such-corpus" in out
    assert "failed: Job entrypoint command failed with exit code 2" in err
    assert "store 'runs/store' of 'cluster/runs/works.yaml' is relative" in err


def test_preflight_looks_at_the_cluster_from_inside(head: Head, project: Path, tmp_path: Path) -> None:
    command = ("preflight", "cluster/runs/works.yaml", f"store={tmp_path}")
    process = _start(head, project, *command, RAY_AUTH_TOKEN=head.token)
    out, err = process.communicate(timeout=JOB_SECONDS)
    assert process.returncode == 0, out + err
    assert "nothing stops 'works' on this cluster" in out


def test_ctrl_c_leaves_the_job_running_and_says_how_to_follow_it(head: Head, project: Path) -> None:
    other = {"RAY_AUTH_TOKEN": head.token, "RAY_API_SERVER_ADDRESS": "http://127.0.0.1:9"}  # --address wins over it
    process = _start(head, project, "kinds", "selectors", address=head.address, **other)
    assert process.stdout is not None
    first = "".join(process.stdout.readline() for _ in range(3))  # the third line is the job's own: it has started
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, first + out + err
    command = next(line.strip() for line in out.splitlines() if "ray job logs" in line)
    again = subprocess.run(
        command,
        shell=True,
        env={**head.environment, **other},
        capture_output=True,
        text=True,
        timeout=JOB_SECONDS,
        check=False,
    )
    assert "importance_sample" in again.stdout, command + again.stdout + again.stderr
    assert "succeeded" in again.stdout + again.stderr


def test_a_wrong_token_and_a_dead_address_end_in_a_sentence(
    head: Head, project: Path, free_ports: Iterator[int]
) -> None:
    wrong = _start(head, project, "kinds", RAY_AUTH_TOKEN="wrong" + head.token)
    dead = _start(head, project, "kinds", RAY_API_SERVER_ADDRESS=f"http://127.0.0.1:{next(free_ports)}")
    assert "does not take this token; set RAY_AUTH_TOKEN" in wrong.communicate(timeout=60)[1]
    assert "no Ray dashboard answers at http://127.0.0.1" in dead.communicate(timeout=60)[1]
    assert wrong.returncode == 1
    assert dead.returncode == 1
