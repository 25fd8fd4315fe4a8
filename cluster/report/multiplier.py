"""Multiplier: how many times its training FLOPs the first arm needs to read held-out text as well as another arm.

It is read off a power law through runs of the first arm's recipe that were trained to their end for several budgets.
Points of one run's learning curve are none of these: inside a schedule the learning rate is still high, so such a point
is worse than a run that ends there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from cluster.report.endings import Endings, drawn, drawn_from
from cluster.report.schema import Arm, Bound, Over
from pipelines.contracts.rows import FloatArray

DRAWS, INTERVAL = 2_000, (2.5, 97.5)  # of the bootstrap, and the percentiles that it gives
MOST_LAWLESS = 0.05  # of the draws; the interval of the others would look narrower than it is


@dataclass(frozen=True)
class Law:
    """ln(bits per byte) = intercept - slope x ln(FLOPs), between the least and the most FLOPs that it was fitted to.

    Intercept and slope are arrays of one shape, one law an element. What a law says that there is not is NaN.
    """

    intercept: FloatArray
    slope: FloatArray
    least: float
    most: float

    @classmethod
    def through(cls, flops: FloatArray, bits: FloatArray) -> Self:
        """The laws of least squares through (runs,) FLOPs and (..., runs) bits per byte.

        There is none, and its slope is NaN, where more FLOPs do not help, or all budgets are one.
        """
        x, y = np.log(flops), np.log(bits)
        away = x - x.mean()
        spread = float((away**2).sum())
        slope = -(away * y).sum(axis=-1) / (spread or np.nan)
        slope = np.where(slope > 0, slope, np.nan)
        return cls(y.mean(axis=-1) + slope * x.mean(), slope, float(flops.min()), float(flops.max()))

    def flops_for(self, bits: FloatArray) -> FloatArray:
        """The FLOPs after which a run ends with so many bits per byte."""
        needed: FloatArray = np.exp((self.intercept - np.log(bits)) / self.slope)
        return needed

    def factor(self, bits: FloatArray, first_bits: FloatArray) -> FloatArray:
        """How many times the first arm's FLOPs it needs to end with `bits`, where it ends with `first_bits`.

        What a law misses the first arm's own end by counts on both sides, so the first arm's own factor is 1.
        """
        inside: FloatArray = np.clip(self.flops_for(bits), self.least, self.most)
        return inside / self.flops_for(first_bits)

    def bound(self, bits: FloatArray) -> Bound:
        """Whether the FLOPs for so many bits per byte are between the least and the most, or outside."""
        needed = self.flops_for(bits)
        return "at least" if needed > self.most else "at most" if needed < self.least else "exact"


def with_multipliers(arms: Sequence[Arm], ends: Sequence[Endings], completed: Sequence[Endings]) -> list[Arm]:
    """The arms, each but the first with its multiplier where the first arm's recipe was completed for other budgets.

    `ends` are those of the arms. The interval of 95 % is a bootstrap over seeds and held-out documents, or over one of
    the two where there are few of the other.
    """
    if not completed:
        return [*arms]
    runs, others = [*completed, ends[0]], ends[1:]
    every = [*runs, *others]
    over = drawn_from(every)
    measured, draws = _factors(runs, others, drawn(every, [], 1)), _factors(runs, others, drawn(every, over, DRAWS))
    law = _law(runs, [each.bits_S for each in runs])
    found = [
        _told(float(factor[0]), law.bound(other.bits_S.mean()), _interval(of_arm) if over else None, over)
        for other, factor, of_arm in zip(others, measured, draws, strict=True)
    ]
    return [arms[0], *(arm.model_copy(update=each) for arm, each in zip(arms[1:], found, strict=True))]


def _factors(runs: Sequence[Endings], others: Sequence[Endings], bits: Sequence[FloatArray]) -> list[FloatArray]:
    """(draws,) multipliers of each of the others, from (draws, seeds) bits per byte of the runs and the others."""
    law = _law(runs, bits[: len(runs)])
    first, first_bits = runs[-1], bits[len(runs) - 1].mean(axis=1)
    return [
        law.factor(each.mean(axis=1), first_bits) * first.flops / other.flops
        for other, each in zip(others, bits[len(runs) :], strict=True)
    ]


def _law(runs: Sequence[Endings], bits: Sequence[FloatArray]) -> Law:
    flops = np.concatenate([np.full(each.shape[-1], run.flops) for run, each in zip(runs, bits, strict=True)])
    return Law.through(flops, np.concatenate(bits, axis=-1))


def _interval(factors: FloatArray) -> tuple[float, float] | None:
    """The percentiles over draws; None where more than MOST_LAWLESS of them have no law."""
    if np.isnan(factors).mean() > MOST_LAWLESS:
        return None
    low, high = np.nanpercentile(factors, INTERVAL)
    return float(low), float(high)


def _told(factor: float, which: Bound, interval: tuple[float, float] | None, over: list[Over]) -> dict[str, Any]:
    """What an arm says of its multiplier; nothing where there is no law."""
    if np.isnan(factor):
        return {}
    told = {"compute_multiplier": factor, "multiplier_is": which}
    return {**told, "multiplier_interval": interval, "interval_over": over} if interval else told
