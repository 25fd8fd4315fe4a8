"""Readings: code that reads one text, written as if it were alone, and a byte model that is asked for many of them.

A reading is a generator. It yields the bytes that it gives to the model, BEGIN first, is sent the CDF of the byte that
follows each of them, and returns its result. Every row of the model's reader belongs to one reading; where one has
ended, the row begins the next, so a long text does not hold up the others.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from pipelines.codecs.entropy.cdf import Int64Array
from pipelines.contracts.byte_model import BEGIN, NextByte

T = TypeVar("T")
Reading = Generator[int, Int64Array, T]  # yields a byte or BEGIN, is sent the (257,) quantized_cdf of the next byte


def read_together(model: NextByte, readings: Sequence[Reading[T]], rows: int) -> list[T]:
    """(readings,) what each reading returns; `rows` of them ask the model together, an exception of one ends all.

    Rows for which no reading is left go on asking for the first byte of an empty text, until half of them are such.
    """
    coming = iter(enumerate(readings))
    results: dict[int, T] = {}
    current = [next(coming, None) for _ in range(min(rows, len(readings)))]

    def letter_of(row: int, cdf: Int64Array | None) -> int:
        """What the row's reading gives to the model; where it has ended, what the next one begins with."""
        while job := current[row]:
            number, reading = job
            try:
                return next(reading) if cdf is None else reading.send(cdf)
            except StopIteration as end:
                results[number] = end.value
            current[row], cdf = next(coming, None), None
        return BEGIN

    letters = [letter_of(row, None) for row in range(len(current))]
    reader = model.reader(len(current))
    while any(current):
        busy = [row for row, job in enumerate(current) if job]
        if 2 * len(busy) <= len(current):
            reader.keep(np.array(busy))
            current, letters = [current[row] for row in busy], [letters[row] for row in busy]
        letters = [letter_of(row, cdf) for row, cdf in enumerate(reader.step(np.array(letters)))]
    return [results[number] for number in range(len(readings))]


def read_each(model: NextByte, readings: Mapping[bytes, Reading[T]], rows: int) -> dict[bytes, T]:
    """What the reading of each text, or of its code, returns: texts that come again are read once.

    Rows that begin with the longest end at about the same time.
    """
    order = sorted(readings, key=len, reverse=True)
    return dict(zip(order, read_together(model, [readings[each] for each in order], rows), strict=True))
