"""A pass under Ray Data: what is done once, in which order records come, and how a worker's error arrives."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ray.exceptions import RayTaskError

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Resources
from pipelines.passes.run import run
from pipelines.passes.units import Attempt, Unit
from pipelines.store.manifest import UnitRecord
from pipelines.store.store import Store

UNITS = [Unit(f"{number:05d}", number) for number in range(4)]


@pytest.fixture
def attempt(ray_session: None, tmp_path: Path) -> Attempt:
    return Attempt.begin(Store(str(tmp_path)), "clean-1")


def work_of(attempt: Attempt, do: Callable[[Unit], None], load: Callable[[], None] = lambda: None) -> Any:
    """Work that notes when it is opened and which unit it does; defined here, so that it travels by value."""

    class Noted:
        def open(self) -> Callable[[Unit], UnitRecord]:
            load()
            attempt.store.write(attempt.file(f"opened-{time.time_ns()}"), b"")

            def done(unit: Unit) -> UnitRecord:
                do(unit)
                attempt.store.write(attempt.file(f"did-{unit.name}-{time.time_ns()}"), b"")
                return attempt.record(UnitRecord(unit=unit.name, rows_in=unit.shard))

            return done

    return Noted()


def noted(attempt: Attempt, what: str) -> list[str]:
    """The notes of one kind that an attempt's workers left."""
    folder = Path(attempt.store.path(f"{attempt.address}/{attempt.name}"))
    return sorted(file.name.split("-")[1] for file in folder.glob(f"{what}-*"))


def names(units: Sequence[Unit]) -> list[str]:
    return [unit.name for unit in units]


def test_records_come_in_the_order_of_the_units_and_none_is_done_twice(attempt: Attempt) -> None:
    earlier = attempt.record(UnitRecord(unit=UNITS[2].name, rows_in=77))
    slow_first = work_of(attempt, lambda unit: time.sleep(0.5 if unit.shard == 0 else 0.0))
    records = run(attempt, UNITS, slow_first, Resources(cpus=0.5))
    assert [record.unit for record in records] == names(UNITS)
    assert [record.rows_in for record in records] == [0, 1, 77, 3]
    assert records[2] == earlier
    assert noted(attempt, "did") == names([unit for unit in UNITS if unit.shard != 2])
    assert run(attempt, UNITS[::-1], slow_first, Resources()) == records[::-1]
    assert len(noted(attempt, "did")) == 3


def test_a_pool_opens_the_work_once_for_all_its_units(attempt: Attempt) -> None:
    work = work_of(attempt, lambda unit: None)
    records = run(attempt, UNITS, work, Resources(cpus=0.5, workers=1))
    assert [record.unit for record in records] == names(UNITS)
    assert len(noted(attempt, "opened")) == 1


def test_no_units_are_no_pass(tmp_path: Path) -> None:
    attempt = Attempt.begin(Store(str(tmp_path)), "clean-1")
    assert run(attempt, [], work_of(attempt, lambda unit: None), Resources()) == []


def test_a_pass_that_broke_off_goes_on_where_it_was(attempt: Attempt) -> None:
    def stop(unit: Unit) -> None:
        while unit.shard == 3 and len(attempt.store.unit_records(attempt.address)) < 3:
            time.sleep(0.05)
        if unit.shard == 3:
            raise Mistake("unit 3 cannot be done; mend it")

    with pytest.raises(ValueError, match=r"^unit 3 cannot be done; mend it$"):
        run(attempt, UNITS, work_of(attempt, stop), Resources(cpus=0.5))
    assert sorted(attempt.store.unit_records(attempt.address)) == names(UNITS[:3])
    next_attempt = Attempt.begin(attempt.store, attempt.address)
    records = run(next_attempt, UNITS, work_of(next_attempt, lambda unit: None), Resources())
    assert [record.rows_in for record in records] == [0, 1, 2, 3]
    assert noted(next_attempt, "did") == names(UNITS[3:])


def missing_file() -> None:
    Path("/nowhere/at/all").read_text()


def cure_of_a_missing_file() -> None:
    try:
        Path("/nowhere/at/all").read_text()
    except FileNotFoundError as error:
        raise Mistake("no model there; give another folder") from error


def fault_of_ours() -> None:
    int("x")


MISTAKES = [
    (cure_of_a_missing_file, r"^no model there; give another folder$"),
    (missing_file, r"^could not read or write: .*'/nowhere/at/all'; what was finished is kept"),
]


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(("load", "words"), MISTAKES)
def test_a_mistake_in_opening_arrives_as_its_sentence(
    attempt: Attempt, load: Callable[[], None], words: str, workers: int
) -> None:
    with pytest.raises(Mistake, match=words):
        run(attempt, UNITS[:1], work_of(attempt, lambda unit: None, load), Resources(workers=workers))


@pytest.mark.parametrize(("do", "words"), MISTAKES)
def test_a_mistake_at_a_unit_arrives_as_its_sentence_alone(
    attempt: Attempt, do: Callable[[], None], words: str
) -> None:
    with pytest.raises(Mistake, match=words) as caught:
        run(attempt, UNITS[:1], work_of(attempt, lambda unit: do()), Resources())
    assert "\n" not in str(caught.value)


def test_a_fault_is_no_mistake_and_brings_its_stack(attempt: Attempt) -> None:
    with pytest.raises(RayTaskError, match=r"(?s)in fault_of_ours.*invalid literal") as caught:
        run(attempt, UNITS[:1], work_of(attempt, lambda unit: fault_of_ours()), Resources())
    assert not isinstance(caught.value, Mistake)
