"""Lease: one builder works, the others wait; a builder that died is followed by another."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from pipelines.store.built import built_alone
from pipelines.store.lease import EXPIRY_SECONDS, lease
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

ADDRESS = "train-1"
FILE = f"{ADDRESS}/lease-1.json"
NEXT = f"{ADDRESS}/lease-2.json"


@pytest.fixture(params=["{}", "memory://{}"], ids=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(request.param.format(tmp_path / uuid.uuid4().hex))


def never() -> bool:
    return False


def claim(store: Store, file: str = FILE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(store.read(file))
    return found


def write_claim(store: Store, file: str = FILE, **changes: Any) -> None:
    """A claim of another machine, fresh unless `changes` say otherwise."""
    other = {"time": time.time(), "host": "another-machine", "process": 1}
    store.write(file, json.dumps(other | changes).encode())


def test_what_is_finished_needs_no_lease(store: Store) -> None:
    with lease(store, ADDRESS, lambda: True) as ours:
        assert not ours
    assert not store.filesystem.exists(store.path(FILE))


def test_the_file_names_the_holder_and_goes_with_it(store: Store) -> None:
    with lease(store, ADDRESS, never) as ours:
        assert ours
        assert (claim(store)["host"], claim(store)["process"]) == (socket.gethostname(), os.getpid())
    with pytest.raises(FileNotFoundError):
        store.read(FILE)


def test_one_of_two_builds_and_the_other_finds_it_finished(store: Store) -> None:
    built: list[str] = []
    yielded: list[bool] = []

    def builder(name: str) -> None:
        with lease(store, ADDRESS, lambda: bool(built)) as ours:
            yielded.append(ours is not None)
            if ours:
                time.sleep(0.2)
                built.append(name)

    threads = [threading.Thread(target=builder, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(built) == 1
    assert sorted(yielded) == [False, True]
    assert not store.filesystem.exists(store.path(FILE))


def test_a_holder_that_fails_lets_go(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), lease(store, ADDRESS, never):
        raise ZeroDivisionError
    assert not store.filesystem.exists(store.path(FILE))


def test_a_dead_process_of_this_machine_is_followed_at_once(store: Store) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    write_claim(store, host=socket.gethostname(), process=ended.pid)
    started = time.monotonic()
    with lease(store, ADDRESS, never) as ours:
        assert ours
    assert time.monotonic() - started < 5 < EXPIRY_SECONDS


@pytest.mark.parametrize("clock", [-3600, 0, 3600], ids=["slow clock", "same clock", "fast clock"])
def test_a_claim_of_another_machine_stands_until_it_was_seen_unchanged_for_long_enough(
    store: Store, monkeypatch: pytest.MonkeyPatch, clock: float
) -> None:
    monkeypatch.setattr("pipelines.store.lease.EXPIRY_SECONDS", 1.5)
    monkeypatch.setattr("pipelines.store.lease.WAIT_SECONDS", 0.1)
    write_claim(store, time=time.time() + clock)
    started = time.monotonic()
    with lease(store, ADDRESS, never) as ours:
        assert ours
        assert time.monotonic() - started > 1.5
        assert claim(store, NEXT)["host"] == socket.gethostname()
    assert not store.filesystem.exists(store.path(FILE))
    assert not store.filesystem.exists(store.path(NEXT))


def test_a_claim_that_is_renewed_is_not_taken(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.store.lease.EXPIRY_SECONDS", 0.5)
    monkeypatch.setattr("pipelines.store.lease.WAIT_SECONDS", 0.1)
    started = time.monotonic()

    def finished() -> bool:
        write_claim(store)
        return time.monotonic() - started > 2

    with lease(store, ADDRESS, finished) as ours:
        assert not ours


def test_of_many_who_see_a_lost_lease_one_takes_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.store.lease.EXPIRY_SECONDS", 0.5)
    monkeypatch.setattr("pipelines.store.lease.WAIT_SECONDS", 0.01)
    write_claim(store)
    at_work: list[int] = []
    most: list[int] = []
    done = threading.Event()

    def builder() -> None:
        with lease(store, ADDRESS, done.is_set) as ours:
            if ours is not None:
                at_work.append(1)
                most.append(len(at_work))
                time.sleep(0.3)
                at_work.pop()
                done.set()

    threads = [threading.Thread(target=builder) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1]


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b"\x00" * 40, b'{"host": "other"}', b'{"time": "soon"}'])
def test_a_claim_that_is_not_whole_stops_nobody(store: Store, broken: bytes) -> None:
    store.write(FILE, broken)
    with lease(store, ADDRESS, never) as ours:
        assert ours
    assert not store.filesystem.exists(store.path(FILE))


def test_who_waits_says_once_for_whom(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    write_claim(store)
    asked = iter([False, False, False, True])
    with lease(store, ADDRESS, lambda: next(asked)) as ours:
        assert not ours
    assert caplog.messages == ["train-1 is being made by process 1 on another-machine; waiting for it"]


def test_a_holder_knows_whether_the_lease_is_still_its_own(store: Store) -> None:
    with lease(store, ADDRESS, never) as is_ours:
        assert is_ours is not None
        assert is_ours()
        write_claim(store, NEXT)
        assert not is_ours()


def test_what_was_made_under_a_lost_lease_is_not_committed(store: Store) -> None:
    def make() -> Manifest:
        write_claim(store, NEXT)
        return Manifest(address=ADDRESS, name="train", kind="train", ingredients={})

    with pytest.raises(ValueError, match=r"^train-1 was taken over by another process.*run the same command again"):
        built_alone(store, ADDRESS, make)
    assert store.manifest(ADDRESS) is None


def test_who_waits_takes_no_lease_of_a_result_that_comes(store: Store) -> None:
    write_claim(store)
    asked = iter([False, True])
    with lease(store, ADDRESS, lambda: next(asked)) as ours:
        assert not ours
    assert claim(store)["host"] == "another-machine"


def test_a_result_that_came_just_before_the_lease_is_not_built_again(store: Store) -> None:
    asked = iter([False, True])
    with lease(store, ADDRESS, lambda: next(asked)) as ours:
        assert not ours
    assert not store.filesystem.exists(store.path(FILE))


def test_the_holder_renews_its_claim(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.store.lease.RENEW_SECONDS", 0.05)
    with lease(store, ADDRESS, never):
        first = claim(store)
        deadline = time.monotonic() + 10
        while claim(store)["time"] == first["time"] and time.monotonic() < deadline:
            time.sleep(0.02)
        later = claim(store)
    assert later["time"] > first["time"]
    assert later["process"] == first["process"]


def test_a_holder_that_lost_its_lease_leaves_that_of_the_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.store.lease.RENEW_SECONDS", 0.05)
    with lease(store, ADDRESS, never):
        write_claim(store, NEXT)
        time.sleep(0.1)
        before = claim(store)
        time.sleep(0.3)
        assert claim(store) == before, "who lost the lease does not renew it"
    assert claim(store, NEXT)["host"] == "another-machine"
    assert not store.filesystem.exists(store.path(FILE))
