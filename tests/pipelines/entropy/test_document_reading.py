"""Documents read side by side, against one context after the other."""

from collections.abc import Sequence

import numpy as np
import pytest

from pipelines.byte_model import NextByte, NextByteFn
from pipelines.contracts import FloatArray
from pipelines.entropy.cdf import quantized_cdf
from pipelines.entropy.document_reading import document_intervals, longest_first, read_documents
from pipelines.entropy.range_coder import END

LETTERS = b"rain "


class Whole(NextByte):
    """A model that says something else of each context, however long."""

    def predict(self, contexts: Sequence[bytes]) -> FloatArray:
        return np.stack([np.random.default_rng([*context, len(context)]).random(256) + 0.01 for context in contexts])


class Counted(NextByte):
    """The counts of the fixture, of which the last three bytes matter."""

    def __init__(self, predict: NextByteFn, reach: int | None) -> None:
        self.predict, self.reach = predict, reach


def one_by_one(model: NextByte, documents: Sequence[bytes]) -> list[list[int]]:
    contexts = [(document[:at], document[at]) for document in documents for at in range(len(document))]
    cdfs = [quantized_cdf(model.predict([context]))[0] for context, _ in contexts]
    return [[int(cdf[byte]), int(cdf[byte + 1])] for cdf, (_, byte) in zip(cdfs, contexts, strict=True)]


@pytest.mark.parametrize("rows", [1, 2, 3, 50])
def test_every_byte_has_its_interval_behind_all_that_stands_before_it(rows: int) -> None:
    documents = [b"", b"a", b"the rain", b"", b"the bird", bytes(range(250, 256)), b"a"]
    assert document_intervals(Whole(), documents, rows).tolist() == one_by_one(Whole(), documents)


def test_a_short_reach_saves_questions_and_changes_nothing(predict: NextByteFn, samples: list[bytes]) -> None:
    short, all_of_it = Counted(predict, 3), Counted(predict, None)
    expected = one_by_one(all_of_it, samples)
    assert document_intervals(short, samples, 4).tolist() == expected
    assert document_intervals(all_of_it, samples, 4).tolist() == expected


@pytest.mark.parametrize("model", [Counted(Whole().predict, 3), Whole()])
def test_there_is_nothing_to_read_in_empty_documents(model: NextByte) -> None:
    for documents in ([], [b"", b""]):
        assert document_intervals(model, documents, 4).shape == (0, 2)


@pytest.mark.parametrize("rows", [1, 2, 3, 50])
def test_a_row_takes_the_next_document_where_one_ends(rows: int) -> None:
    sizes, seen = [2, 0, 5, 1, 1], {number: list[bytes]() for number in range(5)}

    def choose(chosen: np.ndarray, cdfs: np.ndarray) -> np.ndarray:
        assert len(chosen) <= rows
        for document, cdf in zip(chosen.tolist(), cdfs, strict=True):
            seen[document].append(cdf.tobytes())
        return np.array(
            [LETTERS[n] if (n := len(seen[document]) - 1) < sizes[document] else END for document in chosen]
        )

    read_documents(Whole(), [4, 2, 0, 1, 3], rows, choose)
    for number, size in enumerate(sizes):
        contexts = [LETTERS[:end] for end in range(size + 1)]
        assert seen[number] == [cdf.tobytes() for cdf in quantized_cdf(Whole().predict(contexts))]


def test_the_longest_come_first_and_the_empty_not_at_all() -> None:
    assert longest_first([b"", b"ab", b"a", b"abc", b"xy"]) == [3, 1, 4, 2]
