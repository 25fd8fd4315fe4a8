"""Rank correlations and their ceiling."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from tuning.validation.statistics import ceiling, correlation


def test_what_is_told_rightly_is_one_and_its_reverse_minus_one() -> None:
    told = np.random.default_rng(0).normal(size=30)
    right, wrong = correlation(told, np.exp(told)), correlation(told, -(told**3))
    assert (right.value, right.low, right.high) == (1.0, 1.0, 1.0)
    assert (wrong.value, wrong.low, wrong.high) == (-1.0, -1.0, -1.0)


def test_the_interval_holds_the_value_and_chance_is_not_above_zero() -> None:
    generator = np.random.default_rng(1)
    told, happened = generator.normal(size=(2, 40))
    found = correlation(told, happened)
    assert found.value == pytest.approx(spearmanr(told, happened).statistic)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert found.low < 0 < found.high


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator, covered, truth = np.random.default_rng(2), 0, 0.58  # of normal numbers that correlate with 0.6
    for _ in range(100):
        told = generator.normal(size=60)
        found = correlation(told, 0.6 * told + 0.8 * generator.normal(size=60))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert covered >= 85


@pytest.mark.parametrize("side", [0, 1])
def test_where_one_side_is_constant_there_is_no_value(side: int) -> None:
    sides = [np.arange(5.0), np.arange(5.0)]
    sides[side] = np.ones(5)
    found = correlation(*sides)
    assert (found.value, found.low, found.high) == (None, None, None)


@pytest.mark.parametrize("noise", [0.5, 1.0])
@pytest.mark.parametrize("seeds", [2, 3])
def test_the_ceiling_is_what_the_truth_correlates_with_the_mean_over_seeds(noise: float, seeds: int) -> None:
    generator = np.random.default_rng(3)
    truth = generator.normal(size=4_000)
    outcomes = truth[:, None] + noise * generator.normal(size=(4_000, seeds))
    best = correlation(truth, outcomes.mean(axis=1)).value
    assert ceiling(outcomes).value == pytest.approx(best, abs=0.03)


def test_the_ceiling_of_pure_noise_is_near_zero() -> None:
    found = ceiling(np.random.default_rng(4).normal(size=(500, 2)))
    assert found.value is not None
    assert found.value < 0.35
    assert found.low == 0.0
