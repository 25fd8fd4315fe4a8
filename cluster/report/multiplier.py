"""Multiplier: how many times its training FLOPs the first arm needs to read held-out text as well as another arm.

It is read off a power law through runs of the first arm's recipe that were trained to their end for several budgets.
Points of one run's learning curve are none of these: inside a schedule the learning rate is still high, so such a point
is worse than a run that ends there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from cluster.report.schema import Arm, Bound, Completed
from cluster.report.verdict import LEAST_SEEDS
from pipelines.contracts.rows import FloatArray

DRAWS, INTERVAL = 2_000, (2.5, 97.5)  # of the bootstrap over seeds, and the percentiles that it gives


@dataclass(frozen=True)
class Law:
    """ln(bits per byte) = intercept - slope x ln(FLOPs), between the least and the most FLOPs that it was fitted to."""

    intercept: float
    slope: float
    least: float
    most: float

    @classmethod
    def through(cls, flops: FloatArray, bits: FloatArray) -> Self | None:
        """The law of least squares; None where more FLOPs do not help, or all budgets are one."""
        x, y = np.log(flops), np.log(bits)
        spread = float(((x - x.mean()) ** 2).sum())
        slope = -float(((x - x.mean()) * y).sum()) / spread if spread else 0.0
        if slope <= 0:
            return None
        return cls(float(y.mean() + slope * x.mean()), slope, float(flops.min()), float(flops.max()))

    def flops_for(self, bits: float) -> float:
        """The FLOPs after which a run ends with so many bits per byte."""
        return float(np.exp((self.intercept - np.log(bits)) / self.slope))

    def factor(self, first: Arm, bits: float, flops: float, first_bits: float) -> tuple[float, Bound]:
        """The multiplier of an arm that ends with `bits` after `flops`, and whether the law only bounds it.

        What a law misses the first arm's own end by counts on both sides, so the first arm's multiplier is 1.
        """
        needed = self.flops_for(bits)
        inside = min(max(needed, self.least), self.most)
        which: Bound = "exact" if inside == needed else "at least" if needed > self.most else "at most"
        return inside / self.flops_for(first_bits) * first.training_flops / flops, which


def with_multipliers(arms: Sequence[Arm], completed: Sequence[Completed]) -> list[Arm]:
    """The arms, each but the first with its multiplier where the first arm's recipe was trained for several budgets.

    With three seeds of everything it has an interval of 95 %, by a bootstrap over seeds.
    """
    first, *others = arms
    if not completed:
        return [*arms]
    runs = [*completed, Completed(flops=first.training_flops, values=_values(first))]
    return [first, *(each.model_copy(update=_multiplier(first, each, runs)) for each in others)]


def _multiplier(first: Arm, arm: Arm, runs: Sequence[Completed]) -> dict[str, object]:
    law = _law([(each.flops, np.array(each.values)) for each in runs])
    if law is None:
        return {}
    factor, which = law.factor(first, arm.bits_per_byte.mean, arm.training_flops, first.bits_per_byte.mean)
    return {"compute_multiplier": factor, "multiplier_is": which, "multiplier_interval": _interval(first, arm, runs)}


def _interval(first: Arm, arm: Arm, runs: Sequence[Completed]) -> tuple[float, float] | None:
    """The percentiles over draws of seeds, with replacement, in every budget and in the arm."""
    samples = [_values(arm), *(each.values for each in runs)]
    if min(map(len, samples)) < LEAST_SEEDS:
        return None
    random = np.random.default_rng(0)
    factors = []
    for _ in range(DRAWS):
        of_arm, *of_runs = (random.choice(values, len(values)) for values in samples)
        law = _law([(each.flops, drawn) for each, drawn in zip(runs, of_runs, strict=True)])
        if law is not None:
            factors.append(law.factor(first, of_arm.mean(), arm.training_flops, of_runs[-1].mean())[0])
    low, high = np.percentile(factors, INTERVAL)
    return float(low), float(high)


def _law(runs: Sequence[tuple[float, FloatArray]]) -> Law | None:
    flops = np.concatenate([np.full(len(values), each) for each, values in runs])
    return Law.through(flops, np.concatenate([values for _, values in runs]))


def _values(arm: Arm) -> list[float]:
    return [seed.value for seed in arm.bits_per_byte.seeds]
