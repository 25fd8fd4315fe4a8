"""From probabilities to whole numbers out of 2**14, the precision of arXiv 2404.03626 (section 3, beta = 14)."""

import numpy as np
import numpy.typing as npt

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray

BITS = 14
TOTAL = 1 << BITS
SHARE_BITS = 40  # to which probabilities are rounded first: whole numbers add up the same in any order
Int64Array = npt.NDArray[np.int64]


def quantized_cdf(probabilities: FloatArray) -> Int64Array:
    """(n, 257) ascending integers from 0 to 2**14; byte b has those from `[:, b]` up to `[:, b + 1]`, at least one.

    Every byte gets 1, the other 2**14 - 256 are shared out in proportion, what rounding down leaves goes to the largest
    remainders, of equal ones to the smaller byte. Mistake where a row of the (n, 256) probabilities is none. A row's
    integers depend on that row alone.
    """
    weights = np.rint(probabilities * (1 << SHARE_BITS))
    sums = weights.sum(axis=1, keepdims=True)
    if not (np.isfinite(sums).all() and (probabilities >= 0).all() and (sums > 0).all()):
        raise Mistake("a byte model gave probabilities that are negative, not finite or all 0; look at its training")
    shares = weights / sums * (TOTAL - 256)
    counts = shares.astype(np.int64) + 1
    left = TOTAL - counts.sum(axis=1)
    by_remainder = np.argsort(np.floor(shares) - shares, axis=1, kind="stable")
    extra = np.zeros_like(counts)
    np.put_along_axis(extra, by_remainder, (np.arange(256) < left[:, None]).astype(np.int64), axis=1)
    cdf = np.zeros((len(counts), 257), np.int64)
    np.cumsum(counts + extra, axis=1, out=cdf[:, 1:])
    return cdf
