"""Semantic duplicates: how like a text is to the texts before it, in an order that is stated.

SemDeDup (arXiv 2303.09540, section 3): inside a cluster, texts are put in order by their distance to the centroid, and
a text goes whose cosine to any text before it is above a threshold, whether that one stays or goes.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.rows import ID, ROW, SHARD, FloatArray, VectorArray
from pipelines.duplicates.exact import WINNER
from pipelines.texts.vectors import from_column, to_unit

First = Literal["far", "near"]  # from the centroid: which of two like texts stays

LIKENESS = "likeness"
UNLIKE = -1.0  # the likeness of what has nothing before it
BLOCK = 1_024  # rows; the cosines of two blocks are in memory at once, 4 MiB
DECIMALS = 6  # equal vectors are equally like whatever the rounding of their product


def likenesses(by: str, similarity: str, first: First, cluster: pa.Table) -> pa.Table:
    """Of each row of one cluster its ID, SHARD, ROW, LIKENESS, and the id of the row before that it is most like.

    The rows are put in order by the column `similarity`, the lowest first where `first` is `far`, then by id and by
    their place, so the result is the same for any order of the table. That id is "" where there is none.
    """
    ends = [(similarity, "ascending" if first == "far" else "descending"), (ID, "ascending")]
    ordered = cluster.sort_by([*ends, (SHARD, "ascending"), (ROW, "ascending")])
    highest, at = highest_before(to_unit(from_column(ordered, by)))
    winners = ordered[ID].take(pa.array(np.maximum(at, 0))).to_numpy(zero_copy_only=False)
    return pa.table(
        {
            ID: ordered[ID],
            SHARD: ordered[SHARD],
            ROW: ordered[ROW],
            LIKENESS: highest,
            WINNER: pa.array(np.where(at >= 0, winners, ""), ordered[ID].type),
        }
    )


def highest_before(units: VectorArray) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """(n,) each row's highest cosine to a row before it, to six decimals, and which row that is, the first of equals.

    UNLIKE and -1 for the first row, and for vectors of zeros, which are compared with nothing. The cosines of BLOCK
    rows with BLOCK others are in memory at once, never those of all pairs.
    """
    highest, at = np.full(len(units), UNLIKE), np.full(len(units), -1)
    there = np.flatnonzero(units.any(axis=1))
    points = np.ascontiguousarray(units[there])
    for start in range(0, len(points), BLOCK):
        rows = points[start : start + BLOCK]
        best, which = np.full(len(rows), -np.inf), np.full(len(rows), -1)
        for other in range(0, start + 1, BLOCK):
            cosines = np.round((rows @ points[other : other + BLOCK].T).astype(np.float64), DECIMALS)
            if other == start:
                cosines[np.triu_indices(len(rows))] = -np.inf
            place = cosines.argmax(axis=1)
            value = cosines[np.arange(len(rows)), place]
            higher = value > best
            best[higher], which[higher] = value[higher], other + place[higher]
        found = which >= 0
        chosen = there[start : start + BLOCK][found]
        highest[chosen], at[chosen] = np.clip(best[found], -1.0, 1.0), there[which[found]]
    return highest, at
