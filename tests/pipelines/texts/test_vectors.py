"""Vectors come back from their column as they were, and at length 1 whatever they were."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.texts.vectors import are_unit, as_column, from_column, to_unit

ROWS = np.random.default_rng(0).normal(size=(90, 7)).astype(np.float32)


def test_vectors_come_back_from_their_column() -> None:
    table = pa.table({"v": as_column(ROWS)})
    np.testing.assert_array_equal(from_column(table, "v"), ROWS)
    parts = pa.concat_tables([table.slice(5, 10), table.slice(40)])
    np.testing.assert_array_equal(from_column(parts, "v"), ROWS[[*range(5, 15), *range(40, 90)]])
    assert from_column(table.slice(0, 0), "v").shape == (0, 7)


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.large_list(pa.float64())])
def test_other_lists_of_numbers_are_vectors_too(kind: pa.DataType) -> None:
    table = pa.table({"v": pa.array(ROWS.tolist(), kind)})
    np.testing.assert_array_equal(from_column(table.slice(3), "v"), ROWS[3:])
    assert from_column(table.slice(0, 0), "v").shape[0] == 0


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (pa.array([1.0, 2.0]), "holds double, not vectors"),
        (pa.array([["a"], ["b"]]), "not vectors"),
        (pa.array([[1.0], None], pa.list_(pa.float32())), "lacks 1 of 2"),
        (pa.array([[1.0], [1.0, 2.0]], pa.list_(pa.float32())), "of 1 and of 2 numbers"),
    ],
)
def test_what_is_no_vector_is_told(column: pa.Array, told: str) -> None:
    with pytest.raises(Mistake, match=told):
        from_column(pa.table({"v": column}), "v")


def test_every_vector_gets_length_one_or_is_zero() -> None:
    tiny, huge = np.finfo(np.float32).tiny, np.finfo(np.float32).max
    rows = np.array([[3, 4], [0, 0], [np.nan, 1], [np.inf, 1], [huge, huge], [tiny, 0]], np.float32)
    units = to_unit(rows)
    assert units.dtype == np.float32
    np.testing.assert_allclose(units, [[0.6, 0.8], [0, 0], [0, 0], [0, 0], [0.5**0.5] * 2, [1, 0]], rtol=1e-6)
    assert to_unit(units[[0]]).tolist() == units[[0]].tolist()
    assert are_unit(units).tolist() == [True, False, False, False, True, True]
    assert to_unit(np.zeros((0, 2), np.float32)).shape == (0, 2)
