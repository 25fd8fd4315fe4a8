"""A multiplier compares an arm with finished runs of the first one, and is exact where these follow a power law."""

import numpy as np
import pytest

from cluster.report.multiplier import Law, with_multipliers
from cluster.report.schema import Arm, BitsPerByte, Completed, Report, SeedResult

FLOPS = 1e12
BUDGETS = [0.25, 0.5, 2.0]
NOISE = [0.99, 1.0, 1.01]


def bits(flops: float) -> float:
    return 20.0 * flops**-0.08


def ending(arm: Arm, name: str, values: list[float], flops: float = FLOPS) -> Arm:
    seeds = [SeedResult(seed=seed, value=value, by_genre={}) for seed, value in enumerate(values)]
    return arm.model_copy(
        update={"name": name, "bits_per_byte": BitsPerByte.over(seeds), "training_flops": flops,
                "compute_multiplier": None}
    )  # fmt: skip


def compared(report: Report, values: list[float], noise: list[float], flops: float = FLOPS) -> list[Arm]:
    first = ending(report.arms[0], "random", [bits(FLOPS) * each for each in noise])
    completed = [
        Completed(flops=FLOPS * budget, values=[bits(FLOPS * budget) * each for each in noise]) for budget in BUDGETS
    ]
    return with_multipliers([first, ending(report.arms[1], "gleaned", values, flops)], completed)


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
    _, quiet = compared(example, [good] * 3, [1.0] * 3)
    _, noisy = compared(example, [good * each for each in NOISE], NOISE)
    assert quiet.multiplier_interval == pytest.approx((1.7, 1.7))
    low, high = noisy.multiplier_interval or (0, 0)
    assert low < 1.7 < high
    assert compared(example, [good * each for each in NOISE], NOISE)[1] == noisy, "the draws are seeded"


def test_without_budgets_nothing_is_said(example: Report) -> None:
    arms = [ending(arm, arm.name, [2.0]) for arm in example.arms]
    assert with_multipliers(arms, []) == arms


def test_flops_that_do_not_help_make_no_law() -> None:
    assert Law.through(np.array([1.0, 2.0]), np.array([2.0, 2.1])) is None
    assert Law.through(np.array([1.0, 1.0]), np.array([2.0, 1.9])) is None
