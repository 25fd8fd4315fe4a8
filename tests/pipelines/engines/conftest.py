"""What the engines' tests share: a tiny LLaMA with a tokenizer and a chat template, and a real server over it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipelines.inference.vllm_start import CPU_ENVIRONMENT

START_SECONDS = 180.0


@pytest.fixture(scope="session")
def server_key() -> str:
    """The key that the real server wants."""
    return "key-of-the-real-server"


@pytest.fixture(scope="session")
def vllm_server(
    tiny_llama: Path, server_key: str, free_ports: Iterator[int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of vLLM's own OpenAI server over the tiny LLaMA; it wants the key."""
    port = next(free_ports)
    log = tmp_path_factory.mktemp("server") / "server.log"
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(tiny_llama)]
    command += ["--served-model-name", "tiny", "--host", "127.0.0.1", "--port", str(port), "--api-key", server_key]
    command += ["--enforce-eager", "--max-model-len", "128", "--no-enable-chunked-prefill"]
    command += ["--distributed-executor-backend", "uni"]
    environment = {**os.environ, **CPU_ENVIRONMENT, "HF_HUB_OFFLINE": "1"}
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            httpx.get(url, timeout=2.0)
        except httpx.TransportError:
            time.sleep(0.3)
        else:
            return
    pytest.fail(f"the server did not start: {log.read_text()[-3000:]}")
