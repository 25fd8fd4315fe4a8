"""What is said while a model is trained."""

import json
import logging
import time
from pathlib import Path

import pytest

from pipelines.store.store import Store
from training.engine import metrics, progress


def record(step: int, seconds: float) -> metrics.Record:
    return {"step": step, "seconds": seconds, "loss": 4.25, "tokens_per_second": 11_250.4}


@pytest.mark.parametrize(
    ("step", "seconds", "left"),
    [(100, 40.0, "1 min 20 s"), (30, 60.0, "9 min"), (1, 60.0, "4 h 59 min"), (300, 100.0, "0 s")],
)
def test_the_last_record_tells_how_far_and_how_long(step: int, seconds: float, left: str) -> None:
    assert progress.progress([record(1, 9.0), record(step, seconds)], 300, [step]) == (
        f"training: step {step} of 300, loss 4.250, 11,250 tokens/s, about {left} left"
    )


def test_nothing_is_told_before_the_first_record() -> None:
    assert progress.progress([], 300, []) == ""


def test_a_damaged_checkpoint_is_told() -> None:
    told = progress.progress([record(46, 10.0)], 300, [40, 60])
    assert told.endswith("left; the checkpoint of step 60 is damaged, so an earlier one was taken up")


def test_a_run_is_told_as_its_records_come_and_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pipelines.passes.progress.EVERY_SECONDS", 0.01)
    store, heard = Store(str(tmp_path)), caplog.records
    with caplog.at_level(logging.INFO), progress.progress_told(store, 300, 4096, 2):
        store.write(metrics.FILE, json.dumps(record(100, 40.0)).encode())
        time.sleep(0.5)
    assert [each.getMessage() for each in heard] == [
        "training: 300 steps of 4,096 tokens on 2 worker(s)",
        "training: step 100 of 300, loss 4.250, 11,250 tokens/s, about 1 min 20 s left",
    ]
