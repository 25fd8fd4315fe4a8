"""What is said while long work goes on."""

import logging
import time

import pytest

from pipelines.passes import progress
from pipelines.passes.progress import UnitsDone, told


def test_units_that_are_done_say_how_long_the_others_take() -> None:
    units = UnitsDone("clean-1", 1_200, begun=time.monotonic() - 60)
    assert units.line() == "clean-1: 0 of 1,200 units"
    units.done = 200
    assert units.line() == "clean-1: 200 of 1,200 units, about 5 min left"


def test_a_line_is_told_while_the_work_goes_on_and_never_twice(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.01)
    lines = iter(["", "one", "one", "two"])
    with caplog.at_level(logging.INFO), told(lambda: next(lines, "two")):
        time.sleep(0.3)
    heard = [each.getMessage() for each in caplog.records]
    time.sleep(0.05)
    assert heard == ["one", "two"] == [each.getMessage() for each in caplog.records]
