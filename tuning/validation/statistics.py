"""Statistics: rank correlations with an interval, and how high one can be where the outcome has noise."""

import numpy as np
import numpy.typing as npt

from pipelines.contracts.rows import FloatArray
from pipelines.regression import spearman
from tuning.validation.results import Correlation

DRAWS, INTERVAL = 2_000, (2.5, 97.5)  # of the bootstrap, and the percentiles that it gives


def correlation(told: FloatArray, happened: FloatArray) -> Correlation:
    """Spearman's of (n,) and (n,), its interval by a bootstrap over the n; no value where one side is constant."""
    drawn = _draws(len(told))
    return Correlation(value=spearman(told, happened), **_interval(_spearman(told[drawn], happened[drawn])))


def ceiling(outcomes_NS: FloatArray) -> Correlation:
    """How highly what is right without any noise can correlate with the mean of (n, S) outcomes over S seeds.

    By the correlation of single seeds with each other: the reliability of their mean follows from it by the
    Spearman-Brown formula, and the root of that is the most (Spearman 1904).
    """
    drawn = _draws(len(outcomes_NS))
    whole = _reliability(outcomes_NS[None])[0]
    return Correlation(value=None if np.isnan(whole) else float(whole), **_interval(_reliability(outcomes_NS[drawn])))


def _draws(count: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(0).integers(count, size=(DRAWS, count))


def _interval(values: FloatArray) -> dict[str, float | None]:
    known = values[~np.isnan(values)]
    if len(known) < len(values) / 2:
        return {"low": None, "high": None}
    low, high = np.percentile(known, INTERVAL)
    return {"low": float(low), "high": float(high)}


def _spearman(one_BN: FloatArray, other_BN: FloatArray) -> FloatArray:
    """(B,) the rank correlation of each row; not a number where one side is constant."""
    from scipy.stats import rankdata

    x, y = (rankdata(each, axis=1) for each in (one_BN, other_BN))
    x, y = (each - each.mean(axis=1, keepdims=True) for each in (x, y))
    norms = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    found: FloatArray = np.divide((x * y).sum(axis=1), norms, out=np.full(len(x), np.nan), where=norms > 0)
    return found


def _reliability(outcomes_BNS: FloatArray) -> FloatArray:
    """(B,) the root of the reliability of the mean over the S seeds."""
    seeds = outcomes_BNS.shape[2]
    pairs = [(one, other) for one in range(seeds) for other in range(one)]
    each = np.mean([_spearman(outcomes_BNS[:, :, one], outcomes_BNS[:, :, other]) for one, other in pairs], axis=0)
    positive = np.maximum(each, 0.0)
    found: FloatArray = np.sqrt(seeds * positive / (1 + (seeds - 1) * positive))
    return found
