"""Words and pairs of neighbouring words, counted in buckets by their hashes."""

import numpy as np
import numpy.typing as npt

from pipelines.contracts.rows import FloatArray
from pipelines.texts.arrays import OffsetArray
from pipelines.texts.hashing import HashArray, mix
from pipelines.texts.mixing import GOLDEN
from pipelines.texts.words import compiled

CountArray = npt.NDArray[np.int64]


@compiled
def accumulate(
    hashes: HashArray, word_offsets: OffsetArray, ratios: FloatArray, counts: CountArray, sums: FloatArray
) -> None:
    """Adds the words and pairs of n texts to (buckets,) `counts`, and to (n,) `sums` the `ratios` of their buckets."""
    buckets = np.uint64(len(counts))
    for row in range(len(word_offsets) - 1):
        first = word_offsets[row]
        total = 0.0
        for place in range(first, word_offsets[row + 1]):
            bucket = hashes[place] % buckets
            counts[bucket] += 1
            total += ratios[bucket]
            if place > first:
                bucket = mix(hashes[place - 1] * GOLDEN + hashes[place]) % buckets
                counts[bucket] += 1
                total += ratios[bucket]
        sums[row] += total
