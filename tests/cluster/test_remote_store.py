"""A bucket as store: the whole recipe over s3://, against a real S3 server on loopback, equals that on a local disk."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
import yaml

from cluster import clean
from pipelines.sources.text import Text
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

pytestmark = pytest.mark.process

pytest.importorskip("s3fs")
START_SECONDS = 60
RUN_SECONDS = 300
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
BUCKET = "gleaner"


@pytest.fixture(scope="module")
def server(free_ports: Iterator[int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An S3 server with an empty bucket; the environment in which commands find it."""
    port = next(free_ports)
    url = f"http://127.0.0.1:{port}"
    program = Path(sys.executable).parent / "moto_server"
    with (tmp_path_factory.mktemp("s3") / "log").open("wb") as log:
        process = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
    try:
        _wait_for(url, process)
        assert httpx.put(f"{url}/{BUCKET}").is_success
        yield {**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL": url}
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("no S3 server")


def _recipe(corpus: str, store: str) -> dict:
    return {
        "name": "remote",
        "store": store,
        "data": {
            "source": {"kind": "jsonl", "path": f"{corpus}/part-*.jsonl"},
            "steps": {"dedup": {"kind": "dedup_exact"}, "size": {"kind": "score", "scorer": {"kind": "length"}}},
            "codec": {"kind": "bytes"},
            "pack": {"length": 64, "by": "size"},
        },
        "training": {
            "model": {"kind": "llama", "layers": 1},
            "tokens": 4_096,
            "batch_tokens": 512,
            "checkpoint_every_steps": 4,
            "threads": 1,
        },
        "evaluation": {"held_out": {"kind": "jsonl", "path": f"{corpus}/held-out.jsonl"}},
    }


def _run(config: dict, folder: Path, environment: dict[str, str]) -> dict:
    _command("run", config, folder, environment)
    return json.loads((folder / "runs/remote/report.json").read_text(encoding="utf-8"))


def _command(name: str, config: dict, folder: Path, environment: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [sys.executable, "-m", "cluster.run", name, "recipe.yaml"]
    repository = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "PYTHONPATH": repository},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_run_over_a_bucket_equals_one_on_a_disk(server: dict[str, str], corpus_file: Path, tmp_path: Path) -> None:
    (corpus_file / "held-out.jsonl").write_text(json.dumps({"text": "Document 5 tells of nine other things."}))
    for file in corpus_file.iterdir():
        assert httpx.put(
            f"{server['AWS_ENDPOINT_URL']}/{BUCKET}/corpus/{file.name}", content=file.read_bytes()
        ).is_success
    there = _run(_recipe(f"s3://{BUCKET}/corpus", f"s3://{BUCKET}/store"), tmp_path / "there", server)
    here = _run(_recipe(str(corpus_file), str(tmp_path / "store")), tmp_path / "here", server)
    assert there["arms"][0]["bits_per_byte"] == here["arms"][0]["bits_per_byte"]
    assert there["arms"][0]["written"] == here["arms"][0]["written"] != []
    assert [step["rows"] for step in there["arms"][0]["steps"]] == [step["rows"] for step in here["arms"][0]["steps"]]

    without = {**server, "RAY_ADDRESS": "127.0.0.1:1"}  # where nobody is: what is finished needs no cluster
    again = _run(_recipe(f"s3://{BUCKET}/corpus", f"s3://{BUCKET}/store"), tmp_path / "there", without)
    assert again["arms"] == there["arms"]
    for name in ("data", "train", "evaluate"):
        _command(name, _recipe(str(corpus_file), str(tmp_path / "store")), tmp_path / "here", without)


@pytest.fixture
def reached(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """This process finds the S3 server, too."""
    for name in (*CREDENTIALS, "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, server[name])


def test_a_file_of_a_bucket_is_created_once(reached: None) -> None:
    store = Store(f"s3://{BUCKET}/created")
    assert store.create("train-1/lease-1.json", b"first")
    assert not store.create("train-1/lease-1.json", b"second")
    assert store.read("train-1/lease-1.json") == b"first"


def test_the_files_of_a_bucket_are_known_by_a_few_requests(
    server: dict[str, str], reached: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from s3fs import S3FileSystem

    names = [f"many/part-{number:02}.txt" for number in range(40)]
    for name in names:
        assert httpx.put(f"{server['AWS_ENDPOINT_URL']}/{BUCKET}/{name}", content=name.encode()).is_success
    asked: list[str] = []
    call = S3FileSystem._call_s3

    async def noted(filesystem: S3FileSystem, method: str, *arguments: Any, **options: Any) -> Any:
        asked.append(method)
        return await call(filesystem, method, *arguments, **options)

    monkeypatch.setattr(S3FileSystem, "_call_s3", noted)
    paths = [f"s3://{BUCKET}/many/part-*.txt", f"s3://{BUCKET}/many"]
    found = [Text(path=path).fingerprint() for path in (*paths, *paths)]
    assert len(asked) < len(names), asked
    each = Text(path=tuple(f"s3://{BUCKET}/{name}" for name in names))
    assert [each.fingerprint()] * 4 == found, "a file is the same whoever tells of it"


def test_cleaning_a_bucket_removes_what_nothing_names_and_no_more(reached: None) -> None:
    url = f"s3://{BUCKET}/cleaned"
    store, rows = Store(url), pa.table({"text": ["one", "two"]})
    shard = store.write_table("score-0123456789ab/first/part-0.parquet", rows, 6)
    store.commit(
        Manifest(address="score-0123456789ab", name="score", kind="score", ingredients={}, shards=[shard], rows=2)
    )
    store.write("score-0123456789ab/overtaken/part-0.parquet", bytes(1_000_000))
    store.write("clean-ba9876543210/tried/part-[0].parquet", bytes(1_500_000))
    store.write("reports/mine/report.html", b"of people")
    assert clean.told(url, 24.0).endswith("holds nothing without a use that is older than 24 h")
    assert clean.told(url, 0.0).endswith("2.5 MB in all; --delete removes it")
    assert clean.delete(url, 0.0) == f"deleted 2.5 MB from {url}"
    assert store.names("") == ["reports", "score-0123456789ab"]
    assert store.names("score-0123456789ab") == ["first", "manifest.json"]
    assert store.read_table(shard) == rows
