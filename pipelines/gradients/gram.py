"""Gram: the matrix of inner products of features over a sample, and what it makes of a target's gradient.

TRAK (arXiv 2303.14186, equation 13) approximates how a target's output changes when a text is trained on by
g(target)^T (Phi^T Phi)^-1 g(text), Phi the features of the texts. As only the mean over a target's items is wanted, the
direction v = (Phi^T Phi)^-1 mean g(target) is solved for once, and a text's score is g(text) . v.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray
from pipelines.contracts.storage_errors import storage_told
from pipelines.gradients.block import Block
from pipelines.gradients.clipping import clipped
from pipelines.gradients.features import FEATURES, Features
from pipelines.passes.worker_errors import mistakes_told
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.vectors import from_column

PARTS = 16  # of how many sums a matrix is made: their number must not follow that of the CPUs
PART, SUM = "part", "sum"


def gram(store: Store, features: Manifest, blocks: Sequence[Block], longest: float = math.inf) -> list[FloatArray]:
    """For each block (K, K) the sum over all rows of the outer products of its features, in float64.

    Features longer than `longest` count as scaled down to it.

    Each of PARTS tasks adds up neighbouring shards, and the driver their sums in order, so it is the same to the last
    bit for any number of workers.
    """
    import ray.data

    runs = [
        {PART: number, "first": int(run[0]), "end": int(run[-1]) + 1}
        for number, run in enumerate(np.array_split(np.arange(len(features.shards)), PARTS))
        if len(run)
    ]
    ray.data.DataContext.get_current().raise_original_map_exception = True
    parts = ray.data.from_items(runs, override_num_blocks=len(runs)).map_batches(
        functools.partial(_part, store, features, blocks, longest), batch_size=1, batch_format="pyarrow"
    )
    with mistakes_told():
        return _added(parts.iter_rows(), blocks)


def gram_of(features: Features, blocks: Sequence[Block]) -> FloatArray:
    """The Gram matrices of some rows, flat, one behind the other."""
    wide = features.astype(np.float64)
    pieces = [wide[:, block.start : block.end] for block in blocks]
    return np.concatenate([(piece.T @ piece).ravel() for piece in pieces])


def _part(store: Store, features: Manifest, blocks: Sequence[Block], longest: float, batch: pa.Table) -> pa.Table:
    (run,) = batch.to_pylist()
    total = np.zeros(sum((block.end - block.start) ** 2 for block in blocks))
    for shard in features.shards[run["first"] : run["end"]]:
        with storage_told():
            rows = store.read_columns(shard, [FEATURES])
        total += gram_of(clipped(from_column(rows, FEATURES), longest), blocks)
    return pa.table({PART: [run[PART]], SUM: pa.array([total.tobytes()], pa.large_binary())})


def _added(parts: Iterable[dict[str, Any]], blocks: Sequence[Block]) -> list[FloatArray]:
    """The sums of the parts in their order, as the matrices of the blocks."""
    waiting: dict[int, bytes] = {}
    total, following = np.zeros(sum((block.end - block.start) ** 2 for block in blocks)), 0
    for part in parts:
        waiting[part[PART]] = part[SUM]
        while following in waiting:
            total += np.frombuffer(waiting.pop(following))
            following += 1
    sizes = [block.end - block.start for block in blocks]
    pieces = np.split(total, np.cumsum([size**2 for size in sizes])[:-1])
    return [piece.reshape(size, size) for piece, size in zip(pieces, sizes, strict=True)]


def direction(
    matrices: Sequence[FloatArray], blocks: Sequence[Block], target: FloatArray, damping: float
) -> FloatArray:
    """(K,) the damped inverse of the Gram matrix times the target's features, block by block.

    `damping` times the mean of the diagonal is added to it. Mistake where a block of the sample has no gradient at all.
    """
    found = np.zeros_like(target)
    for matrix, block in zip(matrices, blocks, strict=True):
        mean = np.trace(matrix) / len(matrix)
        if not mean > 0:
            raise Mistake(
                f"no text of the sample has a gradient of '{block.name}'; look at the texts, and at how the model was "
                "trained"
            )
        damped = matrix.copy()
        damped[np.diag_indices(len(matrix))] += damping * mean
        found[block.start : block.end] = np.linalg.solve(damped, target[block.start : block.end])
    return found


def whole(blocks: Sequence[Block]) -> list[Block]:
    """One block of all features."""
    return [Block("all", 0, blocks[-1].end)]
