"""Texts as unit vectors of hashed words and pairs: sparse rows to fit a linear model on, and its values for texts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import BoolArray, FloatArray

ROWS = 1024  # whose words are in memory at the same time


@dataclass(frozen=True)
class Linear:
    """A linear function of a text's counts in (buckets,) buckets, as a vector of length 1: `weights` and `intercept`.

    A long text so counts no more than a short one, and no value is larger than the weights' length and the intercept.
    """

    weights: FloatArray
    intercept: float

    def values(self, texts: pa.Array) -> tuple[FloatArray, BoolArray]:
        """(n,) the value for each text, and whether it has a word; without one the value is the intercept."""
        from pipelines.texts.buckets import bucket_places, unit_products
        from pipelines.texts.hashing import hash_pieces

        places, offsets = bucket_places(*hash_pieces(texts), len(self.weights))
        return unit_products(places, offsets, self.weights) + self.intercept, np.diff(offsets) > 0


def unit_vectors(texts: pa.Array, buckets: int) -> Any:
    """(n, buckets) a scipy CSR matrix, each row of length 1, or of zeros where a text has no word."""
    import scipy.sparse

    from pipelines.texts.buckets import bucket_places
    from pipelines.texts.hashing import hash_pieces

    parts = []
    for start in range(0, max(len(texts), 1), ROWS):
        places, offsets = bucket_places(*hash_pieces(texts.slice(start, ROWS)), buckets)
        shape = (len(offsets) - 1, buckets)
        counts = scipy.sparse.csr_matrix((np.ones(len(places)), places, offsets), shape)
        counts.sum_duplicates()
        lengths = np.sqrt(counts.multiply(counts).sum(axis=1)).A1
        counts.data /= np.repeat(lengths, np.diff(counts.indptr))
        parts.append(counts)
    return scipy.sparse.vstack(parts, format="csr")
