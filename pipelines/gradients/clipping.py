"""Clipping: features that are longer than a bound are scaled down to it.

A few huge gradients otherwise decide the Gram matrix and both ends of a ranking, and made the scores of others
irreproducible, in float32 too.
"""

import numpy as np

from pipelines.contracts.rows import FloatArray
from pipelines.gradients.features import Features


def norms(features: Features) -> FloatArray:
    """(n,) Euclidean lengths of (n, K) features."""
    wide = features.astype(np.float64)
    lengths: FloatArray = np.sqrt(np.einsum("nk,nk->n", wide, wide))
    return lengths


def longest_of(norms: FloatArray, times: float) -> float:
    """`times` the median length of those features that are not zero; no bound where all are."""
    lengths = norms[norms > 0]
    return times * float(np.median(lengths)) if len(lengths) else float("inf")


def clipped(features: Features, longest: float) -> Features:
    """(n, K) features, none longer than that."""
    lengths = norms(features)
    scale = np.divide(longest, lengths, out=np.ones_like(lengths), where=lengths > longest)
    scaled: Features = (features * scale[:, None]).astype(np.float32)
    return scaled
