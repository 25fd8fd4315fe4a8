"""Sums over a corpus by numbered bins, added up where the rows are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipelines.contracts.rows import FloatArray

if TYPE_CHECKING:
    import ray.data

BIN = "bin"
ADDERS = 4  # each adds up a part of the bins, and costs about as much as a block


def sums_by_bin(parts: "ray.data.Dataset", bins: int, columns: Sequence[str]) -> list[FloatArray]:
    """For each of the columns (bins,) its sums over the rows of `parts` with that number in the column BIN.

    Ray Data adds up each block and then the blocks, so one row a bin comes to the driver, for any number of shards.
    """
    from ray.data.aggregate import Sum

    totals = [np.zeros(bins) for _ in columns]
    added = parts.groupby(BIN, num_partitions=ADDERS).aggregate(*(Sum(name, alias_name=name) for name in columns))
    for rows in added.iter_batches(batch_size=None, batch_format="numpy"):
        for name, total in zip(columns, totals, strict=True):
            total[rows[BIN]] = rows[name]
    return totals
