"""A process group of one, in which an engine runs without Ray Train."""

import socket
from collections.abc import Iterator

import pytest
import torch.distributed as distributed


@pytest.fixture(scope="session")
def only_group() -> Iterator[dict[str, str]]:
    """The group, and the environment that it was made in; DeepSpeed remembers a group for the life of a process."""
    if distributed.is_initialized():  # left by an engine of vLLM in an earlier test of this process
        from vllm.distributed import cleanup_dist_env_and_memory

        cleanup_dist_env_and_memory()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in place.items():
            patch.setenv(name, value)
        distributed.init_process_group("gloo")
    yield place
    if distributed.is_initialized():  # else an engine of vLLM in a later test took it over, and ended it with itself
        distributed.destroy_process_group()


@pytest.fixture
def process_group(only_group: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine can be started; the environment is left as it was, or the workers of Ray Train would take it over."""
    for name, value in only_group.items():
        monkeypatch.setenv(name, value)
