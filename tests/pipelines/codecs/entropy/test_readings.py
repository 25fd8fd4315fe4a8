"""Readings that share a model: what each is told, who takes whose row, and how they end."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.codecs.entropy.cdf import quantized_cdf
from pipelines.codecs.entropy.context_reader import ContextModel
from pipelines.codecs.entropy.readings import Reading, read_together
from pipelines.contracts.byte_model import BEGIN, NextByte, Reader


class Counting(ContextModel):
    """Another model, and how often its reader was called."""

    reach = None

    def __init__(self, model: NextByte) -> None:
        self.predict = model.predict  # type: ignore[method-assign]
        self.calls = 0

    def reader(self, rows: int) -> Reader:
        """Counts the steps."""
        reader = super().reader(rows)
        step = reader.step

        def counted(letters: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
            self.calls += 1
            return step(letters)

        reader.step = counted  # type: ignore[method-assign]
        return reader


def read_to_the_end(text: bytes) -> Reading[list[int]]:
    """The integers behind each beginning of the text, the text itself left out, added up."""
    sums = []
    for place, _ in enumerate(text):
        cdf = yield text[place - 1] if place else BEGIN
        sums.append(int(cdf @ np.arange(257)))
    return sums


TEXTS = [b"a", b"", b"long text", b"", b"bc", b"d", b"ef" * 4, b""]


@pytest.mark.parametrize("rows", [1, 2, 3, 8, 100])
def test_each_is_told_what_follows_its_own_text(mindful: NextByte, rows: int) -> None:
    told = read_together(mindful, [read_to_the_end(text) for text in TEXTS], rows)
    for text, sums in zip(TEXTS, told, strict=True):
        alone = quantized_cdf(mindful.predict([text[:end] for end in range(len(text))] or [b""]))[: len(text)]
        assert sums == (alone @ np.arange(257)).tolist()


def test_a_long_text_does_not_hold_up_the_others(mindful: NextByte) -> None:
    model = Counting(mindful)
    read_together(model, [read_to_the_end(text) for text in [b"x" * 20, *[b"y"] * 20]], rows=2)
    assert model.calls == 20


def test_nothing_to_read_asks_nothing(mindful: NextByte) -> None:
    model = Counting(mindful)
    assert read_together(model, [], rows=3) == []
    assert read_together(model, [read_to_the_end(b"")] * 1, rows=3) == [[]]
    assert model.calls == 0


def test_an_error_of_one_ends_all(mindful: NextByte) -> None:
    def refused() -> Reading[list[int]]:
        yield BEGIN
        raise ValueError("not this one")

    with pytest.raises(ValueError, match="not this one"):
        read_together(mindful, list(itertools.chain(map(read_to_the_end, TEXTS), [refused()])), rows=4)
