"""Session: one connection to Ray for the length of a command."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def session() -> Iterator[None]:
    """Ray runs: the cluster that RAY_ADDRESS names (as in a Ray job), else a local one that ends with the command."""
    import ray
    import ray.data  # sets its loggers up, so it has to come before they are turned down

    if ray.is_initialized():
        yield
        return
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for noisy in ("ray.train", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # its errors arrive as exceptions, and are told once
    os.environ.setdefault("RAY_TRAIN_V2_ENABLED", "1")
    ended_by = signal.getsignal(signal.SIGTERM)
    context = ray.init(
        address=os.environ.get("RAY_ADDRESS", "local"),
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env=_runtime_env(),
    )
    signal.signal(signal.SIGTERM, ended_by)  # Ray takes it, and ends the process without a word
    if context.dashboard_url:
        print(f"Ray dashboard: http://{context.dashboard_url}")
    try:
        yield
    finally:
        ray.shutdown()


def _runtime_env() -> dict[str, dict[str, str]]:
    """Workers look for modules where this process does, and tokenize with the one core they have been given."""
    path = os.environ.get("PYTHONPATH")
    found = {"PYTHONPATH": path} if path and "RAY_JOB_CONFIG_JSON_ENV_VAR" not in os.environ else {}
    return {"env_vars": {"TOKENIZERS_PARALLELISM": "false", **found}}
