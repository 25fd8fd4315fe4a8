"""Step `dedup_exact`: one copy of every text, over the whole corpus.

Two texts are the same when they are equal after Unicode NFKC, lower case and folding of white space; `normalize:
exact` compares the bytes as they are. Of equal texts the one with the smallest (id, shard, row) survives, whatever the
order of the rows or the number of workers.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from pydantic import Field

from pipelines.component import PLACEMENT
from pipelines.contracts import DROPPED, ID, ROW, SHARD, TEXT, Fitted, Outcome
from pipelines.step import Corpus, Place, Step, StepFn

if TYPE_CHECKING:
    pass

# A single blank stays as it is; matching it too, as in \s+, would be nine times slower (54 against 476 MB/s).
NOT_ONE_BLANK = r"\s\s+|[\t\n\r\f\v]"
KEY = "key"
BUCKET = "bucket"


class DedupExact(Step):
    """Drops every document whose normalized text another document has; the reason is `duplicate`, the detail its id."""

    normalize: Literal["folded", "exact"] = "folded"

    bucket_rows: Annotated[int, PLACEMENT] = Field(default=1_000_000, gt=0)

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """Finds the losers of every group of equal texts by a shuffle on the hash: only hashes and ids travel."""
        buckets = max(1, -(-corpus.documents // self.bucket_rows))
        key = functools.partial(_keyed, NORMALIZERS[self.normalize], buckets)
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
        """Drops the losers of the shard at hand."""
        corpus: Corpus = fitted["corpus"]

        def drop(rows: pa.Table, place: Place) -> Outcome:
            losers = corpus.get(_losers_of(place.shard))
            if losers is None:
                return Outcome(rows)
            keep = np.ones(rows.num_rows, dtype=bool)
            keep[losers[ROW].to_numpy()] = False
            reason = pa.array(["duplicate"] * losers.num_rows, pa.string())
            dropped = pa.table([rows[ID].take(losers[ROW]), reason, losers["winner"]], schema=DROPPED)
            return Outcome(rows.filter(pa.array(keep)), dropped)

        return drop


def folded(texts: pa.Array) -> pa.Array:
    """The texts in NFKC, lower case, every run of white space one blank, none at the ends."""
    lowered = pc.utf8_lower(_nfkc(texts))
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(lowered, pattern=NOT_ONE_BLANK, replacement=" "))


def _nfkc(texts: pa.Array) -> pa.Array:
    """ASCII is its own normal form, and most texts are ASCII."""
    other = pc.invert(pc.string_is_ascii(texts))
    if not pc.any(other, min_count=0).as_py():
        return texts
    return pc.replace_with_mask(texts, other, pc.utf8_normalize(texts.filter(other), form="NFKC"))


def find_losers(keyed: pa.Table) -> pa.Table:
    """(SHARD, ROW, winner id) of every row whose KEY another row with a smaller (id, shard, row) has."""
    ordered = keyed.sort_by([(KEY, "ascending"), (ID, "ascending"), (SHARD, "ascending"), (ROW, "ascending")])
    ordered = ordered.combine_chunks()
    keys = ordered[KEY].combine_chunks()
    if len(keys) == 0:
        return pa.table({SHARD: ordered[SHARD], ROW: ordered[ROW], "winner": ordered[ID]})
    starts = np.concatenate([[True], pc.not_equal(keys.slice(1), keys.slice(0, len(keys) - 1)).to_numpy(False)])
    first_of_group = np.flatnonzero(starts)[np.cumsum(starts) - 1]
    lost = np.flatnonzero(~starts)
    winners = ordered[ID].take(pa.array(first_of_group[lost]))
    return pa.table({SHARD: ordered[SHARD].take(lost), ROW: ordered[ROW].take(lost), "winner": winners})


def _exact(texts: pa.Array) -> pa.Array:
    return texts


NORMALIZERS = {"folded": folded, "exact": _exact}


def _keyed(normalize: Callable[[pa.Array], pa.Array], buckets: int, batch: pa.Table) -> pa.Table:
    texts = pc.cast(normalize(batch[TEXT].combine_chunks()), pa.binary()).to_pylist()
    keys = [xxhash.xxh3_128_digest(text) for text in texts]
    bucket = pa.array([int.from_bytes(key[:4], "little") % buckets for key in keys], pa.int32())
    return pa.table(
        {KEY: pa.array(keys, pa.binary(16)), BUCKET: bucket, ID: batch[ID], SHARD: batch[SHARD], ROW: batch[ROW]}
    )


def _losers_of(shard: int) -> str:
    return f"losers-{shard:05d}"


def _put_by_shard(corpus: Corpus, losers: pa.Table) -> pa.Table:
    shards = pc.unique(losers[SHARD]).to_pylist()
    for shard in shards:
        mine = losers.filter(pc.equal(losers[SHARD], shard)).select([ROW, "winner"])
        corpus.put(_losers_of(shard), mine.sort_by(ROW))
    return pa.table({SHARD: pa.array(shards, pa.int32())})
