"""Exact duplicates: the key under which equal texts meet, and which of them are dropped."""

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipelines.contracts.rows import ID, ROW, SHARD, TEXT

Normalize = Literal["folded", "exact"]  # what is done to texts before they are compared

KEY = "key"
BUCKET = "bucket"
WINNER = "winner"


def find_losers(keyed: pa.Table) -> pa.Table:
    """SHARD, ROW and the id of the WINNER of every row whose KEY another row with a smaller (id, shard, row) has."""
    ordered = keyed.sort_by([(KEY, "ascending"), (ID, "ascending"), (SHARD, "ascending"), (ROW, "ascending")])
    ordered = ordered.combine_chunks()
    keys = ordered[KEY].combine_chunks()
    if len(keys) == 0:
        return pa.table({SHARD: ordered[SHARD], ROW: ordered[ROW], WINNER: ordered[ID]})
    starts = np.concatenate([[True], pc.not_equal(keys.slice(1), keys.slice(0, len(keys) - 1)).to_numpy(False)])
    first_of_group = np.flatnonzero(starts)[np.cumsum(starts) - 1]
    lost = np.flatnonzero(~starts)
    winners = ordered[ID].take(pa.array(first_of_group[lost]))
    return pa.table({SHARD: ordered[SHARD].take(lost), ROW: ordered[ROW].take(lost), WINNER: winners})


def with_keys(normalize: Normalize, buckets: int, batch: pa.Table) -> pa.Table:
    """KEY, the xxh3-128 of the normalized text, and one of `buckets` BUCKETs, beside ID, SHARD and ROW of each row."""
    texts = pc.cast(_normalized(normalize, batch[TEXT].combine_chunks()), pa.large_binary()).to_pylist()
    keys = [xxhash.xxh3_128_digest(text) for text in texts]
    bucket = pa.array([int.from_bytes(key[:4], "little") % buckets for key in keys], pa.int32())
    return pa.table(
        {KEY: pa.array(keys, pa.binary(16)), BUCKET: bucket, ID: batch[ID], SHARD: batch[SHARD], ROW: batch[ROW]}
    )


def _normalized(normalize: Normalize, texts: pa.Array) -> pa.Array:
    if normalize == "exact":
        return texts
    from pipelines.texts.folding import folded

    return folded(texts)
