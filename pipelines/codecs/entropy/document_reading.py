"""What a byte model says along whole documents."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pipelines.codecs.entropy.cdf import Int64Array, quantized_cdf
from pipelines.codecs.entropy.range_coder import Int32Array
from pipelines.codecs.entropy.readings import Reading, read_each
from pipelines.contracts.byte_model import BEGIN, NextByte

BATCH = 1024  # contexts in a call of the byte model


def document_intervals(model: NextByte, documents: Sequence[bytes], rows: int) -> Int32Array:
    """(n, 2) first and last integer of every byte of all documents, one document after the other.

    A model of which only the last bytes count is asked once for each different context, any other reads the documents,
    `rows` side by side.
    """
    if model.reach is not None:
        return _asked_once(model, documents, model.reach)
    read = read_each(model, {document: _intervals_along(document) for document in documents}, rows)
    return np.concatenate([np.zeros((0, 2), np.int32), *(read[document] for document in documents)])


def _intervals_along(document: bytes) -> Reading[Int32Array]:
    intervals, letter = np.empty((len(document), 2), np.int32), BEGIN
    for place, byte in enumerate(document):
        cdf = yield letter
        intervals[place] = cdf[byte], cdf[byte + 1]
        letter = byte
    return intervals


def _asked_once(model: NextByte, documents: Sequence[bytes], reach: int) -> Int32Array:
    data = np.frombuffer(b"".join(documents), np.uint8).astype(np.int64)
    before = (document[max(0, at - reach) : at] for document in documents for at in range(len(document)))
    numbers: dict[bytes, int] = {}
    asked = np.fromiter((numbers.setdefault(each, len(numbers)) for each in before), np.int64, len(data))
    contexts, by_context = list(numbers), np.argsort(asked, kind="stable")
    batches = range(0, len(contexts), BATCH)
    ends = np.searchsorted(asked[by_context], [*batches, len(contexts)])
    intervals = np.empty((len(data), 2), np.int32)
    for start, (first, last) in zip(batches, pairwise(ends), strict=True):
        cdfs, at = quantized_cdf(model.predict(contexts[start : start + BATCH])), by_context[first:last]
        intervals[at] = _pairs(cdfs, asked[at] - start, data[at])
    return intervals


def _pairs(cdfs: Int64Array, rows: Int64Array, letters: Int64Array) -> Int64Array:
    """(n, 2) the integers of each letter by its row's CDF."""
    return np.stack((cdfs[rows, letters], cdfs[rows, letters + 1]), axis=1)
