"""Words and pairs of neighbouring words, counted in buckets by their hashes."""

import numpy as np
import numpy.typing as npt

from pipelines.contracts.rows import FloatArray
from pipelines.texts.arrays import OffsetArray
from pipelines.texts.hashing import HashArray, mix
from pipelines.texts.mixing import GOLDEN
from pipelines.texts.words import compiled

CountArray = npt.NDArray[np.int64]
BucketArray = npt.NDArray[np.int32]


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


@compiled
def bucket_places(hashes: HashArray, word_offsets: OffsetArray, buckets: int) -> tuple[BucketArray, OffsetArray]:
    """The buckets of the words and pairs of n texts, each as often as it is met, and (n + 1,) offsets into them."""
    modulus = np.uint64(buckets)
    places = np.empty(2 * len(hashes), np.int32)
    offsets, found = np.zeros(len(word_offsets), np.int64), 0
    for row in range(len(word_offsets) - 1):
        first = word_offsets[row]
        for place in range(first, word_offsets[row + 1]):
            places[found] = hashes[place] % modulus
            found += 1
            if place > first:
                places[found] = mix(hashes[place - 1] * GOLDEN + hashes[place]) % modulus
                found += 1
        offsets[row + 1] = found
    return places[:found], offsets


@compiled
def unit_products(places: BucketArray, offsets: OffsetArray, weights: FloatArray) -> FloatArray:
    """(n,) the product of each text's counts, as a vector of length 1, with (buckets,) `weights`; 0 without a word."""
    counts = np.zeros(len(weights), np.int64)
    products = np.zeros(len(offsets) - 1)
    for row in range(len(products)):
        total, square = 0.0, 0.0
        for place in places[offsets[row] : offsets[row + 1]]:
            total += weights[place]
            square += 2 * counts[place] + 1  # what the next higher count adds to the sum of squares
            counts[place] += 1
        for place in places[offsets[row] : offsets[row + 1]]:
            counts[place] = 0
        if square:
            products[row] = total / np.sqrt(square)
    return products
