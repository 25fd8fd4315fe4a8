"""Session: one connection to Ray for the length of a command."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from pipelines.contracts.mistakes import Mistake
from pipelines.store.private_place import private_place

LOGGER = logging.getLogger(__name__)
ADDRESS = "RAY_ADDRESS"
SOCKET_PATH = 107 - len("/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store")  # Linux takes 107 bytes
KNOCK_SECONDS = 10.0
SETTINGS = {
    "RAY_TRAIN_V2_ENABLED": "1",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",  # a stage is told by its own name (pipelines/passes/progress.py)
}
LOCAL = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # nodes are found at 127.0.0.1, and nothing listens elsewhere
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray's makers are told nothing; Ray Data's collector takes 2 CPU-seconds to start
}
OF_WORKERS = {"TOKENIZERS_PARALLELISM": "false"}  # they tokenize with one core each, the driver with all


@contextmanager
def session() -> Iterator[None]:
    """Ray runs: the cluster that RAY_ADDRESS names (as in a Ray job), else a local one that ends with the command.

    A local one listens on the loopback interface alone, and its files are closed to other users. It has a dashboard
    where someone at a terminal is told its address, which goes to stderr like all that is told of the progress.
    """
    is_local = is_own()
    os.environ.setdefault("NUMBA_CACHE_DIR", str(private_place("numba")))
    for name, value in {**SETTINGS, **(LOCAL if is_local else {})}.items():
        os.environ.setdefault(name, value)  # before Ray is imported, which reads some of them once
    import ray
    import ray.data  # sets its loggers up, so it has to come before they are turned down

    if ray.is_initialized():
        yield
        return
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for noisy in ("ray.train", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for told_twice in ("ray.data", "ray.tune"):  # their errors arrive as exceptions, and are told once
        logging.getLogger(told_twice).setLevel(logging.CRITICAL)
    ended_by = signal.getsignal(signal.SIGTERM)
    context = _local() if is_local else _joined(os.environ[ADDRESS])
    signal.signal(signal.SIGTERM, ended_by)  # Ray takes it, and ends the process without a word
    if context.dashboard_url:
        LOGGER.info("Ray dashboard: http://%s", context.dashboard_url)
    try:
        yield
    finally:
        ray.shutdown()


def is_own() -> bool:
    """Whether the Ray of this command is its own, on this machine alone."""
    return ADDRESS not in os.environ


def _local() -> Any:
    """A Ray of this command's own. On a busy machine its processes may not come up in time, so it is tried twice."""
    import ray

    try:
        return _start()
    except Exception as error:  # noqa: BLE001 - Ray raises no other class where a process of its own did not come up
        LOGGER.warning("Ray did not start (%s); it is tried once more", _first_line(error))
        ray.shutdown()
    try:
        return _start()
    except Exception as error:
        cores, load = os.cpu_count(), os.getloadavg()[0]
        raise Mistake(
            f"Ray did not start, twice: {_first_line(error)}; this machine has {cores} cores and a load of {load:.0f}: "
            "run the same command again when it has less to do"
        ) from error


def _start() -> Any:
    """Ray's processes inherit the environment, since no worker that it starts ahead fits a `runtime_env`.

    Of the 28 CPU-seconds in which a small run is done, a dashboard takes 2 to 8, and workers that fit no task took 1.
    """
    with _environment(OF_WORKERS):
        return _init(address="local", include_dashboard=sys.stderr.isatty(), _temp_dir=_session_folder())


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.pop(name, None) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            del os.environ[name]
            os.environ.update({} if value is None else {name: value})


def _joined(address: str) -> Any:
    from ray.exceptions import AuthenticationError

    try:
        _knock(address)
        return _init(address=address, runtime_env=_runtime_env())
    except AuthenticationError as error:
        raise Mistake(
            f"the Ray cluster at '{address}' wants its token; set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN, or "
            "RAY_AUTH_TOKEN_PATH to a file that holds it"
        ) from error
    except (OSError, ValueError) as error:
        raise Mistake(
            f"no Ray cluster answers at '{address}' ({_first_line(error)}); correct RAY_ADDRESS, or unset it"
        ) from error


def _knock(address: str) -> None:
    """OSError where nobody listens at `host:port`, of which Ray says so after minutes and a dozen lines of its own."""
    place = urlsplit(address if "://" in address else f"//{address}")
    if place.port is not None:
        socket.create_connection((place.hostname, place.port), timeout=KNOCK_SECONDS).close()


def _init(**options: Any) -> Any:
    import ray

    return ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)


def _session_folder() -> str | None:
    """Where only this user can look; None, for Ray's choice, where that is set or the path leaves sockets no room."""
    place = str(private_place("ray"))
    return place if "RAY_TMPDIR" not in os.environ and len(place) <= SOCKET_PATH else None


def _runtime_env() -> dict[str, dict[str, str]]:
    """Workers look for modules where this process does and find what numba has compiled."""
    path = os.environ.get("PYTHONPATH")
    found = {"PYTHONPATH": path} if path and "RAY_JOB_CONFIG_JSON_ENV_VAR" not in os.environ else {}
    return {"env_vars": {"NUMBA_CACHE_DIR": os.environ["NUMBA_CACHE_DIR"], **OF_WORKERS, **found}}


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
