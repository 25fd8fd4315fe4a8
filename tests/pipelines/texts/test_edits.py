"""Edits: the compiled distance is that of the table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.texts.edits import levenshtein

sequences = st.lists(st.integers(0, 3), max_size=12).map(lambda numbers: np.array(numbers, np.uint32))


def table_distance(one: list[int], other: list[int]) -> int:
    """Wagner and Fischer's table, every cell written out."""
    table = {(row, 0): row for row in range(len(one) + 1)} | {(0, column): column for column in range(len(other) + 1)}
    for row, first in enumerate(one, 1):
        for column, second in enumerate(other, 1):
            table[row, column] = min(
                table[row - 1, column] + 1,
                table[row, column - 1] + 1,
                table[row - 1, column - 1] + (first != second),
            )
    return table[len(one), len(other)]


@given(one=sequences, other=sequences)
def test_the_distance_is_that_of_the_table(one: np.ndarray, other: np.ndarray) -> None:
    assert levenshtein(one, other) == table_distance(one.tolist(), other.tolist())
