"""Sums over a corpus by numbered bins, added up where the rows are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.contracts.rows import FloatArray

if TYPE_CHECKING:
    import ray.data

BIN = "bin"
ADDERS = 4  # each adds up a part of the bins, and costs about as much as a block


def sums_by_bin(parts: "ray.data.Dataset", bins: int, columns: Sequence[str]) -> list[FloatArray]:
    """For each of the columns (bins,) its sums over the rows of `parts` with that number in the column BIN."""
    added = sums_by(parts, [BIN], columns)
    totals = [np.zeros(bins) for _ in columns]
    for name, total in zip(columns, totals, strict=True):
        total[added[BIN]] = added[name]
    return totals


def sums_by(parts: "ray.data.Dataset", keys: Sequence[str], columns: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """A row for every combination of the whole numbers in the columns `keys`, with the sums of the other columns.

    Ray Data adds up each block and then the blocks, so one row a combination comes to the driver, for any number of
    shards. The rows are in no order.
    """
    from ray.data.aggregate import Sum

    sums = (Sum(name, alias_name=name) for name in columns)
    added = parts.groupby(list(keys), num_partitions=ADDERS).aggregate(*sums)
    nothing = {**dict.fromkeys(keys, np.zeros(0, np.int64)), **dict.fromkeys(columns, np.zeros(0))}
    tables = [nothing, *added.iter_batches(batch_size=None, batch_format="numpy")]
    return {name: np.concatenate([table[name] for table in tables]) for name in nothing}
