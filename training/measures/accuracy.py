"""Accuracy: a share of right answers with the interval that it is known to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Accuracy:
    """The share of items that are answered right, from `low` to `high` at 95 % confidence."""

    share: float
    low: float
    high: float


def accuracy(right: int, asked: int) -> Accuracy:
    """The share of right answers with Wilson's interval (1927), which stays inside 0..1 for few items as well."""
    from scipy.stats import binomtest

    interval = binomtest(right, asked).proportion_ci(CONFIDENCE, method="wilson")
    return Accuracy(right / asked, float(interval.low), float(interval.high))


def mean_accuracy(found: Sequence[Accuracy]) -> Accuracy | None:
    """The mean of independent shares with its interval; None of none.

    The distances to the ends of the intervals add up by their squares (Zou and Donner 2008, MOVER), so the interval of
    a single share stays as it is.
    """
    if not found:
        return None
    share = float(np.mean([each.share for each in found]))
    below, above = ([each.share - each.low for each in found], [each.high - each.share for each in found])
    low, high = (float(np.linalg.norm(each)) / len(found) for each in (below, above))
    return Accuracy(share, share - low, share + high)
