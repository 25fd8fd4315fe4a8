"""Chosen: what the arms were trained on, by genre and how much of it they share, and the ends of each score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from cluster.report.examples import shortened
from cluster.report.schema import Ends, Scored
from pipelines.contracts.rows import GENRE, ID, TEXT, TEXT_BYTES, FloatArray
from pipelines.corpus.randomness import Uint64Array, key64
from pipelines.store.manifest import Manifest, Shard
from pipelines.store.store import Store

MOST_DOCUMENTS = 5_000_000  # 80 MB of ids and sizes an arm; of more nothing is told
AT_EACH_END = 3
CHARACTERS = 2_000


@dataclass(frozen=True, eq=False)
class Chosen:
    """The documents that an arm was trained on: (n,) hashes of their ids, their UTF-8 bytes, and bytes by genre."""

    ids: Uint64Array
    sizes: FloatArray
    genres: Mapping[str, float]

    def shared_with(self, other: "Chosen") -> float:
        """The share of the bytes here that the other has as well."""
        return float(self.sizes[np.isin(self.ids, other.ids)].sum() / max(self.sizes.sum(), 1.0))


def chosen(encoded: Manifest, store: Store) -> Chosen | None:
    """What was encoded, from its columns of ids, sizes and genres; None where that is more than MOST_DOCUMENTS."""
    if encoded.rows > MOST_DOCUMENTS:
        return None
    columns = [ID, TEXT_BYTES, *([GENRE] if encoded.columns.get(GENRE) == "string" else [])]
    rows = pa.concat_tables([store.read_columns(shard, columns) for shard in encoded.shards]).combine_chunks()
    sizes: FloatArray = rows[TEXT_BYTES].to_numpy().astype(np.float64)
    return Chosen(key64(rows[ID].combine_chunks(), 0), sizes, _by_genre(rows))


def overlaps(arms: Sequence[Chosen | None]) -> list[list[float]]:
    """(arms, arms) the share of the row's text that the column has as well; empty where an arm is not known."""
    known = [arm for arm in arms if arm is not None]
    return [[one.shared_with(other) for other in known] for one in known] if len(known) == len(arms) else []


def ends(name: str, scored: Manifest, store: Store) -> Ends | None:
    """The documents with the highest and the lowest scores, ties in their order; None above MOST_DOCUMENTS."""
    if scored.rows > MOST_DOCUMENTS or TEXT not in scored.columns:
        return None
    scores = [store.read_columns(shard, [name])[name].to_numpy() for shard in scored.shards]
    order = np.argsort(np.concatenate(scores), kind="stable")
    first = np.cumsum([0, *map(len, scores)])
    high, low = (
        [_document(name, scored, first, int(row), store) for row in rows]
        for rows in (order[::-1][:AT_EACH_END], order[:AT_EACH_END])
    )
    return Ends(name=name, high=high, low=low)


def _by_genre(rows: pa.Table) -> dict[str, float]:
    if GENRE not in rows.column_names:
        return {}
    totals = rows.group_by(GENRE).aggregate([(TEXT_BYTES, "sum")]).to_pylist()
    return {total[GENRE] or "": float(total[f"{TEXT_BYTES}_sum"]) for total in totals}


def _document(name: str, scored: Manifest, first: np.ndarray, row: int, store: Store) -> Scored:
    """The document of a row that is counted over all shards, whose first rows are given."""
    place = int(np.searchsorted(first, row, side="right")) - 1
    document = _row(scored.shards[place], row - int(first[place]), name, store)
    return Scored(id=document[ID], score=document[name], text=shortened(document[TEXT], CHARACTERS))


def _row(shard: Shard, row: int, name: str, store: Store) -> dict[str, Any]:
    (found,) = store.read_chosen(shard, [ID, name, TEXT], ID, lambda ids: np.arange(len(ids)) == row).to_pylist()
    return dict(found)
