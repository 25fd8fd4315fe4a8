"""What a sweep that was broken off knows of its trials."""

from pathlib import Path

from pipelines.store.store import Store
from tuning.records import Record, ended_trials, take_begun
from tuning.results import Trial

SWEEP = "sweep-0123456789ab"


def trial(number: int) -> Trial:
    return Trial(
        number=number,
        values={"seed": number},
        state="finished",
        bits_per_byte=2.0,
        share=1.0,
        steps=3,
        flops=4.0,
        seconds=5.0,
        curve=[(1.0, 2.0)],
    )


def keep(store: Store, name: str, record: Record) -> None:
    store.write(f"{SWEEP}/trials/{name}.json", record.model_dump_json().encode())


def test_trials_come_back_in_the_order_in_which_they_ended(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    assert ended_trials(store, SWEEP) == []
    for number, name in ((2, "a"), (1, "b"), (3, "c")):
        keep(store, name, Record(drawn={"seed": 0.1 * number}, trial=trial(number)))
    assert ended_trials(store, SWEEP) == [({"seed": 0.1 * number}, trial(number)) for number in (1, 2, 3)]


def test_points_that_had_begun_are_taken_once(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    keep(store, "a", Record(drawn={"seed": 1}))
    keep(store, "b", Record(drawn={"seed": 2}, trial=trial(1)))
    assert take_begun(store, SWEEP) == [{"seed": 1}]
    assert take_begun(store, SWEEP) == []
    assert len(ended_trials(store, SWEEP)) == 1


def test_a_record_that_is_not_whole_counts_as_not_there(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write(f"{SWEEP}/trials/a.json", b'{"drawn": {"seed"')
    assert ended_trials(store, SWEEP) == []
    assert take_begun(store, SWEEP) == []
