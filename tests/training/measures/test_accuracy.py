"""Accuracy: intervals that hold for few items too, and those of means."""

import math

import pytest

from training.measures.accuracy import Accuracy, accuracy, mean_accuracy


@pytest.mark.parametrize(("right", "asked"), [(0, 1), (1, 1), (3, 10), (50, 100), (1188, 1188)])
def test_the_interval_is_the_solution_of_the_score_test(right: int, asked: int) -> None:
    found, z = accuracy(right, asked), 1.959963984540054
    assert found.share == right / asked
    assert 0 <= found.low <= found.share <= found.high <= 1
    for end in (found.low, found.high):
        assert abs(found.share - end) == pytest.approx(z * math.sqrt(end * (1 - end) / asked), abs=1e-9)


def test_the_mean_of_one_share_is_that_share_and_of_several_is_known_better() -> None:
    one = accuracy(30, 100)
    assert mean_accuracy([]) is None
    alone = mean_accuracy([one])
    assert alone
    assert (alone.share, alone.low, alone.high) == pytest.approx((one.share, one.low, one.high))
    four = mean_accuracy([one] * 4)
    assert four
    assert four.share == pytest.approx(0.3)
    assert four.high - four.share == pytest.approx((one.high - one.share) / 2)
    assert four.share - four.low == pytest.approx((one.share - one.low) / 2)


def test_tasks_count_alike_however_many_items_they_have() -> None:
    mean = mean_accuracy([Accuracy(1.0, 1.0, 1.0), accuracy(0, 1000)])
    assert mean
    assert mean.share == 0.5
