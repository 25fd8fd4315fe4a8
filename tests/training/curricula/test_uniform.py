"""Uniform: equally often, shuffled."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.curricula.uniform import Uniform


@given(sequences=st.integers(1, 50), draws=st.integers(0, 300), seed=st.integers(0, 99))
def test_every_sequence_is_seen_equally_often_but_for_one(sequences: int, draws: int, seed: int) -> None:
    plan = Uniform().plan(np.zeros(sequences, np.uint8), draws, seed)
    seen = np.bincount(plan, minlength=sequences)
    assert seen.max() - seen.min() <= 1


def test_every_epoch_has_an_order_of_its_own() -> None:
    first, second = Uniform().plan(np.zeros(50, np.uint8), 100, 0).reshape(2, 50)
    assert sorted(first) == sorted(second) == list(range(50))
    assert not np.array_equal(first, second)
