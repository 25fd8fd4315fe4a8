"""The one mixer of bits: it makes random-looking keys of numbers that are close, structured or half mixed."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Words = TypeVar("Words", np.uint64, npt.NDArray[np.uint64])

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio; a factor or step that keeps neighbours apart
FIRST_FACTOR, SECOND_FACTOR = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mixed(words: Words) -> Words:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): a bijection in which every bit moves every other.

    It takes an array of 64-bit numbers as it stands here, and one number where a compiled loop calls it.
    """
    words = (words ^ (words >> np.uint64(30))) * FIRST_FACTOR
    words = (words ^ (words >> np.uint64(27))) * SECOND_FACTOR
    return words ^ (words >> np.uint64(31))
