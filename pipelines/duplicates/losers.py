"""Losers: the rows of a corpus that another row is kept in the place of, as side tables by shard, and their removal."""

import functools
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.rows import DROPPED, ID, ROW, SHARD, Outcome
from pipelines.contracts.step import Corpus, Place, StepFn
from pipelines.duplicates.exact import WINNER

if TYPE_CHECKING:
    import ray.data

AT = "_at"
LOST = pa.schema([(AT, pa.int64()), (WINNER, pa.string())])
ALONE = "over_share"  # the reason of a loser that has no winner


def put_gathered(corpus: Corpus, losers: "ray.data.Dataset") -> None:
    """Keeps the losers (SHARD, ROW, WINNER), which are one block, as side tables."""
    put = functools.partial(_put_by_shard, corpus)
    losers.map_batches(put, batch_size=None, batch_format="pyarrow").materialize()


def put_scattered(corpus: Corpus, losers: "ray.data.Dataset", partitions: int | None = None) -> None:
    """Keeps the losers (SHARD, ROW, WINNER), wherever they are, as side tables."""
    put = functools.partial(_put_by_shard, corpus)
    losers.groupby(SHARD, num_partitions=partitions).map_groups(put, batch_format="pyarrow").materialize()


def dropper(corpus: Corpus, reason: str) -> StepFn:
    """Drops the losers among the rows at hand, which are told by their place; the detail is the winner's id.

    A loser whose winner is "" is dropped as `over_share`.
    """

    def drop(rows: pa.Table, place: Place) -> Outcome:
        losers = (_losers_among(corpus, place, shard) for shard in np.unique(place.shards))
        lost = pa.concat_tables([LOST.empty_table(), *losers])
        keep = np.ones(rows.num_rows, dtype=bool)
        keep[lost[AT].to_numpy()] = False
        reasons = pc.if_else(pc.equal(lost[WINNER], ""), ALONE, reason)
        dropped = pa.table([rows[ID].take(lost[AT]), reasons, lost[WINNER]], schema=DROPPED)
        return Outcome(rows.filter(pa.array(keep)), dropped)

    return drop


def _losers_among(corpus: Corpus, place: Place, shard: int) -> pa.Table:
    """The losers of a shard that are among the rows at `place`: AT which of these rows, and the WINNER of each."""
    losers = corpus.get(_losers_of(shard))
    if losers is None:
        return LOST.empty_table()
    here = np.flatnonzero(place.shards == shard)
    rows = place.rows[here]
    found = np.isin(losers[ROW].to_numpy(), rows)
    winners = losers.filter(pa.array(found))
    at = here[np.searchsorted(rows, winners[ROW].to_numpy())]
    return pa.table([at, winners[WINNER]], schema=LOST)


def _losers_of(shard: int) -> str:
    return f"losers-{shard:05d}"


def _put_by_shard(corpus: Corpus, losers: pa.Table) -> pa.Table:
    ordered = losers.sort_by([(SHARD, "ascending"), (ROW, "ascending")])
    shards, firsts = np.unique(ordered[SHARD].to_numpy(), return_index=True)
    for shard, first, end in zip(shards, firsts, [*firsts[1:], ordered.num_rows], strict=True):
        corpus.put(_losers_of(shard), ordered.slice(first, end - first).select([ROW, WINNER]))
    return pa.table({SHARD: pa.array(shards, pa.int32())})
