"""Step `dedup_exact`: one copy of every text, over the whole corpus.

Two texts are the same when they are equal folded: in Unicode NFKC and lower case, less invisible characters, all white
space as single blanks (`pipelines/texts/folding.py`); `normalize: exact` compares the bytes as they are. Of equal texts
the one with the smallest (id, shard, row) survives, whatever the order of the rows or the number of workers.
"""

import functools
from typing import Annotated, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts.component import PLACEMENT
from pipelines.contracts.rows import DROPPED, ID, ROW, SHARD, TEXT, Fitted, Outcome
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.duplicates.exact import BUCKET, find_losers, normalizer, with_keys


class DedupExact(Step):
    """Drops every document whose normalized text another document has; the reason is `duplicate`, the detail its id."""

    version: ClassVar[int] = 2  # 2: all of Unicode's white space is folded, invisible characters are left out

    normalize: Literal["folded", "exact"] = "folded"

    bucket_rows: Annotated[int, PLACEMENT] = Field(default=1_000_000, gt=0)

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """Finds the losers of every group of equal texts by a shuffle on the hash: only hashes and ids travel."""
        buckets = max(1, -(-corpus.documents // self.bucket_rows))
        key = functools.partial(with_keys, normalizer(self.normalize), buckets)
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
            losers = corpus.get(_losers_of(place.shard))
            if losers is None:
                return Outcome(rows)
            row = losers[ROW].to_numpy() - place.first_row
            here = (row >= 0) & (row < rows.num_rows)
            keep = np.ones(rows.num_rows, dtype=bool)
            keep[row[here]] = False
            reason = pa.array(["duplicate"] * int(here.sum()), pa.string())
            lost, winner = rows[ID].take(pa.array(row[here])), losers["winner"].filter(pa.array(here))
            dropped = pa.table([lost, reason, winner], schema=DROPPED)
            return Outcome(rows.filter(pa.array(keep)), dropped)

        return drop


def _losers_of(shard: int) -> str:
    return f"losers-{shard:05d}"


def _put_by_shard(corpus: Corpus, losers: pa.Table) -> pa.Table:
    shards = pc.unique(losers[SHARD]).to_pylist()
    for shard in shards:
        mine = losers.filter(pc.equal(losers[SHARD], shard)).select([ROW, "winner"])
        corpus.put(_losers_of(shard), mine.sort_by(ROW))
    return pa.table({SHARD: pa.array(shards, pa.int32())})
