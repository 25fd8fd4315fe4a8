"""Durations are written in one way everywhere."""

import pytest

from pipelines.contracts.durations import duration


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (192, "3 min 12 s"),
        (0.42, "0.4 s"),
        (59.97, "1 min"),
        (7500, "2 h 5 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, written: str) -> None:
    assert duration(seconds) == written
