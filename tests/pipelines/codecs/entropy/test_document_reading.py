"""Documents read side by side, against one context after the other."""

from collections.abc import Sequence

import numpy as np
import pytest

from pipelines.codecs.entropy.cdf import quantized_cdf
from pipelines.codecs.entropy.context_reader import ContextModel
from pipelines.codecs.entropy.document_reading import document_intervals
from pipelines.contracts.byte_model import NextByte, NextByteFn
from pipelines.contracts.rows import FloatArray


class Whole(ContextModel):
    """A model that says something else of each context, however long."""

    def predict(self, contexts: Sequence[bytes]) -> FloatArray:
        return np.stack([np.random.default_rng([*context, len(context)]).random(256) + 0.01 for context in contexts])


class Counted(ContextModel):
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
