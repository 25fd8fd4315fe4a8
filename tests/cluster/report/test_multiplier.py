"""A multiplier compares an arm with finished runs of the first one, and is exact where these follow a power law."""

from time import process_time

import numpy as np
import pytest

from cluster.report.endings import Endings
from cluster.report.multiplier import Law, with_multipliers
from cluster.report.schema import Arm, Report

FLOPS = 1e12
BUDGETS = [0.25, 0.5, 2.0]
NOISE = [0.99, 1.0, 1.01]
SAME = [1.0] * 3
ONE_TEXT, DOCUMENTS = np.array([1.0]), np.random.default_rng(3).uniform(0.5, 1.5, 60)


def bits(flops: float) -> float:
    return 20.0 * flops**-0.08


def ended(values: list[float], documents: np.ndarray = ONE_TEXT, flops: float = FLOPS) -> Endings:
    """Runs that end at these bits per byte, spent unequally on documents of 1,000 bytes each."""
    nats = np.outer(np.array(values) * np.log(2) * 1000, documents / documents.mean())
    return Endings(flops, nats, np.full(len(documents), 1000))


def compared(
    report: Report, values: list[float], noise: list[float], flops: float = FLOPS, documents: np.ndarray = ONE_TEXT
) -> list[Arm]:
    arms = [arm.model_copy(update={"compute_multiplier": None}) for arm in report.arms[:2]]
    ends = [ended([bits(FLOPS) * each for each in noise], documents), ended(values, documents, flops)]
    completed = [
        ended([bits(FLOPS * budget) * each for each in noise], documents, FLOPS * budget) for budget in BUDGETS
    ]
    return with_multipliers(arms, ends, completed)


@pytest.mark.parametrize(
    ("as_good_as", "flops", "multiplier", "which"),
    [
        (1.0, FLOPS, 1.0, "exact"),
        (1.7, FLOPS, 1.7, "exact"),
        (0.5, FLOPS, 0.5, "exact"),
        (1.0, FLOPS / 3, 3.0, "exact"),
        (2.5, FLOPS, 2.0, "at least"),
        (0.1, FLOPS, 0.25, "at most"),
    ],
)
def test_it_is_the_factor_of_flops_at_equal_bits(
    example: Report, as_good_as: float, flops: float, multiplier: float, which: str
) -> None:
    first, found = compared(example, [bits(FLOPS * as_good_as)], [1.0], flops)
    assert first.compute_multiplier is None
    assert found.compute_multiplier == pytest.approx(multiplier)
    assert found.multiplier_is == which
    assert found.multiplier_interval is None, "one seed has no interval"


def test_three_seeds_give_an_interval_that_noise_widens(example: Report) -> None:
    good = bits(1.7 * FLOPS)
    _, quiet = compared(example, [good] * 3, SAME)
    _, noisy = compared(example, [good * each for each in NOISE], NOISE)
    assert quiet.multiplier_interval == pytest.approx((1.7, 1.7))
    low, high = noisy.multiplier_interval or (0, 0)
    assert low < 1.7 < high
    assert (quiet.interval_over, noisy.interval_over) == (["seeds"], ["seeds"])
    assert compared(example, [good * each for each in NOISE], NOISE)[1] == noisy, "the draws are seeded"


def test_documents_that_all_runs_find_as_hard_cancel_and_others_widen_the_interval(example: Report) -> None:
    good = [bits(1.7 * FLOPS)]
    _, alike = compared(example, good, [1.0], documents=DOCUMENTS)
    assert alike.multiplier_interval == pytest.approx((1.7, 1.7)), "the same draw counts for all runs"
    _, unlike = with_multipliers(
        example.arms[:2],
        [ended([bits(FLOPS)], DOCUMENTS), ended(good, DOCUMENTS[::-1])],
        [ended([bits(FLOPS * budget)], DOCUMENTS, FLOPS * budget) for budget in BUDGETS],
    )
    low, high = unlike.multiplier_interval or (0, 0)
    assert low < 1.2
    assert high == pytest.approx(2.0), "a draw goes no further than the budgets"
    assert unlike.compute_multiplier == pytest.approx(1.7)
    assert (alike.interval_over, unlike.interval_over) == (["documents"], ["documents"])


def test_with_seeds_and_documents_both_are_drawn(example: Report) -> None:
    good = bits(1.3 * FLOPS)
    _, of_seeds = compared(example, [good * each for each in NOISE], NOISE)
    _, of_both = compared(example, [good * each for each in NOISE], NOISE, documents=DOCUMENTS)
    assert of_both.interval_over == ["seeds", "documents"]
    assert of_both.multiplier_interval == pytest.approx(of_seeds.multiplier_interval or (0, 0), rel=0.05)


def test_too_few_documents_and_seeds_have_no_interval(example: Report) -> None:
    _, found = compared(example, [bits(1.7 * FLOPS)] * 2, [1.0] * 2, documents=DOCUMENTS[:19])
    assert (found.multiplier_interval, found.interval_over) == (None, [])
    assert found.compute_multiplier == pytest.approx(1.7)


def test_draws_of_many_documents_take_a_second_at_most(example: Report) -> None:
    documents = np.random.default_rng(5).uniform(0.5, 1.5, 4_000)
    before = process_time()
    _, found = compared(example, [bits(FLOPS)] * 3, NOISE, documents=documents)
    assert process_time() - before < 2.0, "twice as long as they took beside other work"
    assert found.multiplier_interval


def test_without_budgets_nothing_is_said(example: Report) -> None:
    arms = [arm.model_copy(update={"compute_multiplier": None}) for arm in example.arms[:2]]
    assert with_multipliers(arms, [ended([2.0]), ended([1.9])], []) == arms


def test_flops_that_do_not_help_make_no_law(example: Report) -> None:
    assert np.isnan(Law.through(np.array([1.0, 2.0]), np.array([2.0, 2.1])).slope)
    assert np.isnan(Law.through(np.array([1.0, 1.0]), np.array([2.0, 1.9])).slope)
    laws = Law.through(np.array([1.0, 2.0]), np.array([[2.0, 2.1], [2.1, 2.0]]))
    assert np.isnan(laws.slope).tolist() == [True, False]
    arms = [arm.model_copy(update={"compute_multiplier": None}) for arm in example.arms[:2]]
    assert with_multipliers(arms, [ended([2.0]), ended([1.9])], [ended([2.1], flops=2 * FLOPS)]) == arms


def test_laws_that_often_fail_have_no_interval(example: Report) -> None:
    noise = [0.8, 1.0, 1.25]
    _, found = compared(example, [bits(FLOPS) * each for each in noise], noise)
    assert found.compute_multiplier
    assert found.multiplier_interval is None
