"""Lease: one builder at a time for work that has a single folder, such as a training run; the others wait.

    <store>/<address>/lease-<number>.json     the highest number holds; each is created once, by one builder

The holder renews its file every few seconds. Who waits takes the next number when the file did not change for
EXPIRY_SECONDS of its own clock, so the clocks of two machines are never compared, or at once when the holder was a
process of this machine that is gone. A killed run is so taken up at once here, and a little later elsewhere.
"""

import logging
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import ValidationError

from pipelines.store.manifest import Stored
from pipelines.store.store import Store

LOGGER = logging.getLogger(__name__)
RENEW_SECONDS = 5.0
EXPIRY_SECONDS = 60.0
WAIT_SECONDS = 1.0
FILE = re.compile(r"lease-(\d+)\.json")


class Claim(Stored):
    """The content of a lease's file: whose it is and, by the clock there, when it was last renewed."""

    time: float
    host: str
    process: int


@dataclass(frozen=True)
class Seen:
    """The newest lease of an address as it was first seen: its claim is None where the file is not whole."""

    number: int
    claim: Claim | None
    since: float


@contextmanager
def lease(store: Store, address: str, finished: Callable[[], bool]) -> Iterator[Callable[[], bool] | None]:
    """Yields to the one builder who is to do the work what says whether the lease is still its own, None to the others.

    The others wait until it is finished, and say for whom. A builder that was not heard of for EXPIRY_SECONDS, asleep
    or with a store out of reach, may have lost its lease.
    """
    seen = Seen(0, None, 0.0)
    while not finished():
        before, seen = seen, _look(store, address, seen)
        if _is_free(seen) and _take(store, address, seen.number + 1):
            with _renewed(store, address, seen.number + 1) as is_ours:
                yield None if finished() else is_ours
            return
        if seen.claim is not None and seen.number != before.number:
            LOGGER.warning(
                "%s is being made by process %d on %s; waiting for it", address, seen.claim.process, seen.claim.host
            )
        time.sleep(WAIT_SECONDS)
    yield None


def _look(store: Store, address: str, before: Seen) -> Seen:
    number = max(_numbers(store, address), default=0)
    claim = _claim(store, address, number)
    if (number, claim) == (before.number, before.claim):
        return before
    return Seen(number, claim, time.monotonic())


def _is_free(seen: Seen) -> bool:
    if seen.claim is None or time.monotonic() - seen.since > EXPIRY_SECONDS:
        return True
    return seen.claim.host == socket.gethostname() and not _is_alive(seen.claim.process)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _file(address: str, number: int) -> str:
    return f"{address}/lease-{number}.json"


def _numbers(store: Store, address: str) -> list[int]:
    """The numbers of all leases of an address."""
    return [int(found[1]) for name in store.names(address) if (found := FILE.fullmatch(name))]


def _claim(store: Store, address: str, number: int) -> Claim | None:
    """The claim of a lease; None where there is none, or one that is not whole."""
    try:
        return Claim.model_validate_json(store.read(_file(address, number)))
    except (FileNotFoundError, ValidationError):
        return None


def _new_claim() -> bytes:
    claim = Claim(time=time.time(), host=socket.gethostname(), process=os.getpid())
    return claim.model_dump_json().encode()


def _take(store: Store, address: str, number: int) -> bool:
    return store.create(_file(address, number), _new_claim())


@contextmanager
def _renewed(store: Store, address: str, number: int) -> Iterator[Callable[[], bool]]:
    """Renews the lease until the end of the block, unless it is lost; then the leases up to this one are gone."""
    ended = threading.Event()

    def is_ours() -> bool:
        return max(_numbers(store, address), default=0) == number

    def renew() -> None:
        while not ended.wait(RENEW_SECONDS):
            try:
                if not is_ours():
                    return
                store.write(_file(address, number), _new_claim())
            except OSError:
                continue  # a store that is away for a moment; the next renewal may reach it

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield is_ours
    finally:
        ended.set()
        thread.join()
        for each in _numbers(store, address):
            if each <= number:
                store.filesystem.rm_file(store.path(_file(address, each)))
