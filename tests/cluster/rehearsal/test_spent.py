"""What a stage takes when it is fed more: in proportion, on a line, and never less than nothing."""

import pytest

from cluster.rehearsal.spent import Spent, expected, on_line, total


def test_a_part_that_is_there_in_any_case_is_not_multiplied() -> None:
    small = Spent(fed=100, text_bytes=50, flops=1_000 + 100 * 7, stored_bytes=500 + 100)
    large = Spent(fed=400, text_bytes=200, flops=1_000 + 400 * 7, stored_bytes=500 + 400)
    found = expected(small, large, 10_000, lanes=1)
    assert (found.text_bytes, found.flops, found.stored_bytes) == (5_000, 1_000 + 10_000 * 7, 500 + 10_000)


def test_waiting_stays_and_work_is_shared_by_the_workers_of_the_whole_run() -> None:
    small = Spent(fed=100, work_seconds=1.0, seconds=9.0)
    large = Spent(fed=400, work_seconds=4.0, seconds=12.0)
    found = expected(small, large, 40_000, lanes=4)
    assert found.work_seconds == pytest.approx(400.0)
    assert found.seconds == pytest.approx(8.0 + 400.0 / 4)


def test_a_first_time_is_in_no_slope() -> None:
    small, large = Spent(fed=100, work_seconds=30.0, seconds=31.0), Spent(fed=400, work_seconds=2.0, seconds=3.0)
    assert expected(small, large, 4_000, lanes=2).seconds == pytest.approx(1.0 + 20.0 / 2)


def test_what_is_fed_the_same_in_both_costs_what_it_cost() -> None:
    measured = Spent(fed=1.0, flops=5.0, stored_bytes=7.0, seconds=3.0)
    assert expected(measured, measured, 1.0, lanes=1) == measured


@pytest.mark.parametrize(
    ("small", "large", "at_ten"),
    [
        ((1.0, 3.0), (4.0, 3.0), 3.0),  # level
        ((1.0, 5.0), (4.0, 4.0), 4.0),  # noise: nothing costs less for more
        ((1.0, 1.0), (4.0, 8.0), 20.0),  # it would begin below 0: the larger one in proportion
        ((1.0, 2.0), (4.0, 5.0), 11.0),
    ],
)
def test_lines_through_noise(small: tuple[float, float], large: tuple[float, float], at_ten: float) -> None:
    assert on_line(10.0, small, large) == pytest.approx(at_ten)


def test_a_total_is_of_all_stages_one_after_the_other() -> None:
    whole = total(
        [Spent(fed=1, flops=2, stored_bytes=3, seconds=4), Spent(fed=9, flops=20, stored_bytes=30, seconds=40)]
    )
    assert (whole.flops, whole.stored_bytes, whole.seconds) == (22, 33, 44)
