"""How like a row is to those before it: as the slow way finds it, a block at a time."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.rows import ID, ROW, SHARD
from pipelines.duplicates import semantic
from pipelines.duplicates.exact import WINNER
from pipelines.duplicates.semantic import LIKENESS, UNLIKE, highest_before, likenesses
from pipelines.texts.vectors import as_column, to_unit


def slow(units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    highest, at = np.full(len(units), UNLIKE), np.full(len(units), -1)
    for row in range(len(units)):
        for other in range(row):
            if units[row].any() and units[other].any():
                cosine = round(float(units[row].astype(np.float64) @ units[other].astype(np.float64)), 6)
                if at[row] < 0 or cosine > highest[row]:
                    highest[row], at[row] = cosine, other
    return highest, at


@pytest.mark.parametrize("block", [1, 7, 64, 1_024])
def test_the_highest_cosine_before_a_row_is_that_of_all_pairs(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic, "BLOCK", block)
    vectors = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    vectors[[0, 20, 21]] = 0
    vectors[[30, 31, 50]] = vectors[5]
    units = to_unit(vectors)
    highest, at = highest_before(units)
    expected, partners = slow(units)
    np.testing.assert_allclose(highest, expected, atol=1.1e-6)
    np.testing.assert_array_equal(at, partners)
    assert highest[[30, 31, 50]].tolist() == [1, 1, 1]


def test_a_product_of_pairs_is_never_larger_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic, "BLOCK", 16)
    largest = 0
    real = np.round

    def seen(values: np.ndarray, decimals: int) -> np.ndarray:
        nonlocal largest
        largest = max(largest, values.size)
        return real(values, decimals)

    monkeypatch.setattr(np, "round", seen)
    highest_before(to_unit(np.random.default_rng(0).normal(size=(200, 4))))
    assert 0 < largest <= 16 * 16


def test_opposite_vectors_are_like_the_first_before_them() -> None:
    highest, at = highest_before(np.array([[1, 0], [-1, 0]], np.float32))
    assert (highest.tolist(), at.tolist()) == ([-1, -1], [-1, 0])


@pytest.mark.parametrize("rows", [0, 1])
def test_a_cluster_of_none_or_one_is_no_error(rows: int) -> None:
    found = likenesses("v", "s", "far", cluster(rows))
    assert found[LIKENESS].to_pylist() == [UNLIKE] * rows
    assert found[WINNER].to_pylist() == [""] * rows


def cluster(rows: int) -> pa.Table:
    generator = np.random.default_rng(1)
    return pa.table(
        {
            ID: pa.array([f"{number % 25:02d}" for number in range(rows)], pa.string()),
            SHARD: pa.array([number % 3 for number in range(rows)], pa.int32()),
            ROW: pa.array(range(rows), pa.int64()),
            "s": pa.array([number % 5 / 10 for number in range(rows)], pa.float64()),
            "v": as_column(generator.normal(size=(rows, 3)).astype(np.float32)),
        }
    )


@pytest.mark.parametrize("first", ["far", "near"])
def test_the_order_is_that_of_the_similarity_whatever_that_of_the_table(first: semantic.First) -> None:
    table = cluster(40)
    expected = likenesses("v", "s", first, table)
    for seed in range(3):
        shuffled = table.take(np.random.default_rng(seed).permutation(40))
        assert likenesses("v", "s", first, shuffled).equals(expected)
    lonely = expected.filter(pa.array(np.array(expected[WINNER]) == ""))[ROW].to_pylist()
    sign = 1 if first == "far" else -1
    assert lonely == sorted(range(40), key=lambda row: (sign * (row % 5), row % 25, row % 3, row))[:1]
