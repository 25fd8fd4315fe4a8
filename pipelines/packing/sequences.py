"""Sequences: documents of tokens joined, cut to one length, and taken apart again."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def bucket_edges(
    values: npt.NDArray[np.float64], lengths: npt.NDArray[np.float64], buckets: int
) -> npt.NDArray[np.float64]:
    """(buckets - 1,) ascending values that part documents of these lengths into buckets of about equal length."""
    order = np.argsort(values, kind="stable")
    until = np.cumsum(lengths[order])
    targets = until[-1] * np.arange(1, buckets) / buckets if len(until) else np.zeros(0)
    first_above = np.minimum(np.searchsorted(until, targets, side="right"), len(values) - 1)
    edges: npt.NDArray[np.float64] = values[order][first_above]
    return edges


def close_documents(lists: pa.LargeListArray, end: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The documents' tokens one after the other, each closed by `end`; and of each token the number of its document."""
    values = lists.flatten().to_numpy().astype(np.uint32)
    lengths = lists.value_lengths().to_numpy().astype(np.int64)
    closings = np.cumsum(lengths)
    stream = np.insert(values, closings, np.uint32(end))
    return stream, np.repeat(np.arange(len(lengths)), lengths + 1)


def cut(
    stream: npt.NDArray[np.uint32], documents: npt.NDArray[np.int64], length: int, end: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """(n, length) sequences, the last filled with `end`, and (n,) the document of each one's last real token."""
    count = -(-len(stream) // length)
    padded = np.full(count * length, end, dtype=np.uint32)
    padded[: len(stream)] = stream
    last_token = np.minimum(np.arange(1, count + 1) * length, len(stream)) - 1
    return padded.reshape(count, length), documents[last_token]


def unpack(sequences: npt.NDArray[np.integer], end: int) -> list[npt.NDArray[np.integer]]:
    """The documents of one shard's sequences, in the order they were packed; no document is empty."""
    stream = sequences.ravel()
    ends = np.flatnonzero(stream == end)
    documents = np.split(stream, ends + 1)
    return [document[:-1] for document in documents if len(document) > 1]


def scored(tokens_BT: npt.NDArray[np.integer], end: int) -> npt.NDArray[np.bool_]:
    """(B, T) true for each token to be predicted: all but the padding, the ends that follow a row's closing end."""
    trailing = np.logical_and.accumulate((tokens_BT == end)[:, ::-1], axis=1)[:, ::-1]
    counts = np.ones_like(trailing)
    counts[:, 1:] = ~(trailing[:, 1:] & trailing[:, :-1])
    return counts
