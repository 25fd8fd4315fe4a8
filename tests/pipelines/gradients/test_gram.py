"""The Gram matrix of stored features is that of all of them at once, whatever way they are cut up."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.gradients.block import Block
from pipelines.gradients.features import FEATURES
from pipelines.gradients.gram import direction, gram, whole
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.vectors import as_column

BLOCKS = [Block("a", 0, 3), Block("b", 3, 7)]
ROWS = np.random.default_rng(0).normal(size=(90, 7)).astype(np.float32)


def stored(store: Store, shards: int) -> Manifest:
    written = [
        store.write_table(f"f-1/x/part-{number}.parquet", pa.table({FEATURES: as_column(rows)}), 0)
        for number, rows in enumerate(np.array_split(ROWS, shards))
    ]
    return Manifest(address="f-1", name="f", kind="gradients", ingredients={}, shards=written, rows=len(ROWS))


@pytest.mark.parametrize("shards", [1, 3, 40])
def test_the_matrix_is_that_of_all_rows(ray_session: None, tmp_path: object, shards: int) -> None:
    store = Store(str(tmp_path))
    features = stored(store, shards)
    wide = ROWS.astype(np.float64)
    (full,) = gram(store, features, whole(BLOCKS))
    np.testing.assert_allclose(full, wide.T @ wide, rtol=1e-12)
    by_layer = gram(store, features, BLOCKS)
    for block, matrix in zip(BLOCKS, by_layer, strict=True):
        np.testing.assert_allclose(matrix, full[block.start : block.end, block.start : block.end], rtol=1e-12)
    np.testing.assert_array_equal(gram(store, features, whole(BLOCKS))[0], full)


def test_a_direction_solves_the_damped_system() -> None:
    wide = ROWS.astype(np.float64)
    matrix, target = wide.T @ wide, np.arange(7.0)
    found = direction([matrix], whole(BLOCKS), target, damping=0.5)
    damped = matrix + 0.5 * np.trace(matrix) / 7 * np.eye(7)
    np.testing.assert_allclose(damped @ found, target, atol=1e-9)


def test_a_singular_matrix_is_solved_and_one_of_zeros_refused() -> None:
    row = np.ones((1, 7))
    assert np.isfinite(direction([row.T @ row], whole(BLOCKS), np.arange(7.0), damping=0.1)).all()
    with pytest.raises(Mistake, match="no text of the sample has a gradient of 'all'"):
        direction([np.zeros((7, 7))], whole(BLOCKS), np.arange(7.0), damping=0.1)
