"""The table of exponentials is made of integers, and is that of the exponential function."""

import numpy as np

from pipelines.codecs.neural.exponential import LARGEST, STEP_BITS, VALUE_BITS, exponential_table


def test_it_is_the_exponential_function_to_the_last_whole_number() -> None:
    table = exponential_table()
    exact = np.exp(-np.arange(len(table)) / 2**STEP_BITS) * 2**VALUE_BITS
    assert np.abs(table - exact).max() <= 0.5 + 1e-6
    assert (table == np.floor(table)).all()


def test_it_falls_from_one_and_never_reaches_zero() -> None:
    table = exponential_table()
    assert len(table) == LARGEST * 2**STEP_BITS + 1
    assert (table[0], table[-1]) == (2**VALUE_BITS, 2)
    assert (np.diff(table) <= 0).all()
