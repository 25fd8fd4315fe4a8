"""Lease: one builder at a time for work that has a single folder, such as a training run; the others wait.

The holder renews a file in the address every few seconds. A lease that is no longer renewed, or whose process on this
machine is gone, may be taken; so a killed run is taken up at once here and after EXPIRY_SECONDS elsewhere.
"""

import functools
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from pipelines.store.manifest import Stored
from pipelines.store.store import Store

LOGGER = logging.getLogger(__name__)
RENEW_SECONDS = 5.0
EXPIRY_SECONDS = 60.0


class Claim(Stored):
    """The content of a lease's file: whose it is and since when it was last renewed."""

    owner: str
    time: float
    host: str
    process: int


@contextmanager
def lease(store: Store, address: str, finished: Callable[[], bool]) -> Iterator[Callable[[], bool] | None]:
    """Yields to the one builder who is to do the work what says whether the lease is still its own, None to the others.

    The others wait until it is finished, and say for whom. A builder that was not heard of for EXPIRY_SECONDS, asleep
    or with a store out of reach, may have lost its lease.
    """
    owner = uuid.uuid4().hex
    waits_for = ""
    while not finished():
        if _take(store, address, owner):
            with _renewed(store, address, owner):
                yield None if finished() else functools.partial(_is_ours, store, address, owner)
            return
        claim = _claim(store, address)
        if claim is not None and claim.owner != waits_for:
            LOGGER.warning("%s is being made by process %d on %s; waiting for it", address, claim.process, claim.host)
            waits_for = claim.owner
        time.sleep(1.0)
    yield None


def _file(address: str) -> str:
    return f"{address}/lease.json"


def _write(store: Store, address: str, owner: str) -> None:
    claim = Claim(owner=owner, time=time.time(), host=socket.gethostname(), process=os.getpid())
    store.write(_file(address), claim.model_dump_json().encode())


def _take(store: Store, address: str, owner: str) -> bool:
    if _is_held(_claim(store, address)):
        return False
    _write(store, address, owner)
    time.sleep(0.5)  # two who saw the same free lease both wrote: the later write holds
    return _is_ours(store, address, owner)


def _claim(store: Store, address: str) -> Claim | None:
    """The claim of an address; None where there is none, or one that is not whole."""
    try:
        return Claim.model_validate_json(store.read(_file(address)))
    except (FileNotFoundError, ValidationError):
        return None


def _is_ours(store: Store, address: str, owner: str) -> bool:
    claim = _claim(store, address)
    return claim is not None and claim.owner == owner


def _is_held(claim: Claim | None) -> bool:
    if claim is None or time.time() - claim.time > EXPIRY_SECONDS:
        return False
    return claim.host != socket.gethostname() or _is_alive(claim.process)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _renewed(store: Store, address: str, owner: str) -> Iterator[None]:
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_SECONDS):
            try:
                if not _is_ours(store, address, owner):
                    return
                _write(store, address, owner)
            except OSError:
                continue  # a store that is away for a moment; the next renewal may reach it

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if _is_ours(store, address, owner):
            store.filesystem.rm_file(store.path(_file(address)))
