"""Step `dedup_exact`: one copy of every text, over the whole corpus.

Two texts are the same when they are equal folded: in Unicode NFKC and lower case, less invisible characters, all white
space as single blanks (`pipelines/texts/folding.py`); `normalize: exact` compares the bytes as they are. Of equal texts
the one with the smallest (id, shard, row) survives, whatever the order of the rows or the number of workers.
"""

import functools
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.component import PLACEMENT
from pipelines.contracts.rows import DROPPED, ID, ROW, SHARD, TEXT, Fitted, Outcome
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.duplicates.exact import BUCKET, WINNER, Normalize, find_losers, with_keys

AT = "_at"
LOST = pa.schema([(AT, pa.int64()), (WINNER, pa.string())])


class DedupExact(Step):
    """Drops every document whose normalized text another document has; the reason is `duplicate`, the detail its id."""

    version: ClassVar[int] = 2  # 2: all of Unicode's white space is folded, invisible characters are left out

    normalize: Normalize = "folded"

    bucket_rows: Annotated[int, PLACEMENT] = Field(default=1_000_000, gt=0)

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """Finds the losers of every group of equal texts by a shuffle on the hash: only hashes and ids travel."""
        buckets = max(1, -(-corpus.documents // self.bucket_rows))
        key = functools.partial(with_keys, self.normalize, buckets)
        keyed = corpus.rows([ID, TEXT]).map_batches(key, batch_format="pyarrow")
        put = functools.partial(_put_by_shard, corpus)
        if buckets == 1:
            gathered = keyed.repartition(1).map_batches(find_losers, batch_size=None, batch_format="pyarrow")
            gathered.map_batches(put, batch_size=None, batch_format="pyarrow").materialize()
        else:
            losers = keyed.groupby(BUCKET).map_groups(find_losers, batch_format="pyarrow")
            losers.groupby(SHARD).map_groups(put, batch_format="pyarrow").materialize()
        return {"corpus": corpus}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """Drops the losers among the rows at hand, which are told by their place."""
        corpus: Corpus = fitted["corpus"]

        def drop(rows: pa.Table, place: Place) -> Outcome:
            losers = (_losers_among(corpus, place, shard) for shard in np.unique(place.shards))
            lost = pa.concat_tables([LOST.empty_table(), *losers])
            keep = np.ones(rows.num_rows, dtype=bool)
            keep[lost[AT].to_numpy()] = False
            reason = pa.array(["duplicate"] * lost.num_rows, pa.string())
            dropped = pa.table([rows[ID].take(lost[AT]), reason, lost[WINNER]], schema=DROPPED)
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
