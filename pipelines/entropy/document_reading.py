"""What a byte model says along whole documents, which are read side by side."""

from collections.abc import Callable, Sequence
from itertools import islice, pairwise

import numpy as np

from pipelines.byte_model import BEGIN, NextByte
from pipelines.entropy.cdf import Int64Array, quantized_cdf
from pipelines.entropy.range_coder import END, Int32Array

BATCH = 1024  # contexts in a call of the byte model
NO_DOCUMENT = -1
ChooseFn = Callable[[Int64Array, Int64Array], Int64Array]  # (n,) documents, (n, 257) their CDFs -> (n,) bytes or END


def read_documents(model: NextByte, longest_first: Sequence[int], rows: int, choose: ChooseFn) -> None:
    """Reads the documents of these numbers, up to `rows` at once; `choose` says how each of those goes on.

    A document is read until END, then its row takes the next one. END is the number of BEGIN, by which the model
    empties the row; a row that is left over begins again and again. Rows that begin with the longest documents end at
    about the same time.
    """
    waiting = iter(longest_first)
    documents = np.array(list(islice(waiting, rows)), np.int64)
    read, symbols, busy = model.reader(len(documents)), np.full(len(documents), BEGIN), np.arange(len(documents))
    while busy.size:
        cdfs = read(symbols)
        symbols[busy] = choose(documents[busy], cdfs[busy])
        ended = busy[symbols[busy] == END]
        for row in ended.tolist():
            documents[row] = next(waiting, NO_DOCUMENT)
        busy = np.flatnonzero(documents != NO_DOCUMENT) if ended.size else busy


def document_intervals(model: NextByte, documents: Sequence[bytes], rows: int) -> Int32Array:
    """(n, 2) first and last integer of every byte of all documents, one document after the other.

    A model of which only the last bytes count is asked once for each different context, any other reads the documents.
    """
    if model.reach is None:
        return _read_along(model, documents, rows)
    return _asked_once(model, documents, model.reach)


def _read_along(model: NextByte, documents: Sequence[bytes], rows: int) -> Int32Array:
    data = np.frombuffer(b"".join(documents), np.uint8)
    stops = np.cumsum([len(document) for document in documents], dtype=np.int64)
    places = stops - [len(document) for document in documents]
    intervals = np.empty((len(data), 2), np.int32)

    def choose(chosen: Int64Array, cdfs: Int64Array) -> Int64Array:
        symbols = np.full(len(chosen), END)
        inside = np.flatnonzero(places[chosen] < stops[chosen])
        at = places[chosen[inside]]
        symbols[inside] = data[at]
        intervals[at] = _pairs(cdfs, inside, symbols[inside])
        places[chosen] += 1
        return symbols

    read_documents(model, longest_first(documents), rows, choose)
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


def longest_first(documents: Sequence[bytes]) -> list[int]:
    """The numbers of all that are not empty."""
    return sorted((n for n, document in enumerate(documents) if document), key=lambda n: -len(documents[n]))
