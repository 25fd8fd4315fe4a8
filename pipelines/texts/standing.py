"""Standing: which share of a sample each number is above, by a few of the sample's sorted numbers.

Legend of shapes: S numbers of a sample, Q of them that are kept, T samples, N numbers that are looked up.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from pipelines.contracts.rows import FloatArray, VectorArray

KEPT = 256  # at most, of each sample: every one of the highest, then ever fewer, 4 % of the places apart for 10,000


@dataclass(frozen=True)
class Standings:
    """Of T samples the (T, Q) values that are kept, ascending, and the (Q,) shares of a sample up to each of them."""

    values_TQ: VectorArray
    shares: FloatArray

    @classmethod
    def of(cls, samples_ST: VectorArray) -> Self:
        """Those of the T columns, each a sample of S numbers from -1 to 1."""
        size = len(samples_ST)
        from_top = np.unique(np.geomspace(1, size, KEPT).round().astype(np.int64))[::-1]
        return cls(np.sort(samples_ST, axis=0)[size - from_top].T, (size - from_top + 1) / (size + 1))

    def part(self, samples: slice) -> Self:
        """Those of some of the samples."""
        return type(self)(self.values_TQ[samples], self.shares)

    def look_up(self, numbers_NT: VectorArray) -> FloatArray:
        """(N, T) the share of each sample that is below the number of its column, from 0 for -1 to 1 for 1.

        Between two values that were kept, and beyond the highest, it is on a straight line, so no two numbers share a
        place because the sample is small.
        """
        shares = np.concatenate([[0.0], self.shares, [1.0]])
        found = np.empty(numbers_NT.shape)
        for column, values in enumerate(self.values_TQ):
            found[:, column] = np.interp(numbers_NT[:, column], np.concatenate([[-1.0], values, [1.0]]), shares)
        return found
