"""Uniform: every sequence equally often, in random order."""

import numpy as np
import numpy.typing as npt

from training.contracts import Curriculum, IntArray


class Uniform(Curriculum):
    """Epochs of seeded permutations, cut at `draws`: after k whole epochs a sequence was seen k or k + 1 times."""

    def plan(self, buckets: npt.NDArray[np.uint8], draws: int, seed: int) -> IntArray:
        """(draws,) sequence numbers; the difficulty in `buckets` is not looked at."""
        epochs = -(-draws // len(buckets))
        orders = [np.random.default_rng([seed, epoch]).permutation(len(buckets)) for epoch in range(epochs)]
        numbers: IntArray = np.concatenate([np.empty(0, np.int64), *orders])[:draws].astype(np.int64)
        return numbers
