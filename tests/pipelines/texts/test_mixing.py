"""The mixer is the same in arrays, in compiled loops and in plain integers, and a bijection as far as can be seen."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.texts.hashing import mix
from pipelines.texts.mixing import mixed


def slowly_mixed(word: int) -> int:
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) % 2**64
    return word ^ (word >> 31)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=8))
def test_mixing_is_that_of_plain_integers(words: list[int]) -> None:
    expected = [slowly_mixed(word) for word in words]
    assert mixed(np.array(words, np.uint64)).tolist() == expected
    assert [int(mix(np.uint64(word))) for word in words] == expected


def test_neighbours_differ_in_half_of_their_bits() -> None:
    numbers = np.arange(1, 10_001, dtype=np.uint64)
    bits = np.bitwise_count(mixed(numbers) ^ mixed(numbers + np.uint64(1)))
    assert abs(bits.mean() - 32) < 0.2
    assert len(np.unique(mixed(numbers))) == len(numbers)
