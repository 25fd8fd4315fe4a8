"""Selector `random`: a random subset of a given size, and how a share of rows or of text bytes is measured."""

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts import ID, TEXT, FloatArray, Selector
from pipelines.randomness import uniform

Unit = Literal["rows", "bytes"]


class Random(Selector):
    """Keeps a uniformly random `fraction` of the documents, or of their text bytes: the baseline of every selection."""

    fraction: float = Field(default=0.5, gt=0, le=1)
    of: Unit = "rows"

    @property
    def columns(self) -> list[str]:
        """`text` where bytes are counted, else nothing."""
        return unit_columns(self.of)

    def key(self, rows: pa.Table, seed: int) -> FloatArray:
        """(n,) uniform numbers that depend on the seed and the row's id."""
        return uniform(rows[ID].combine_chunks(), seed, "selectors.random")

    def mass(self, rows: pa.Table) -> FloatArray:
        """(n,) 1 a row, or its UTF-8 bytes."""
        return unit_mass(rows, self.of)

    def budget(self, total_mass: float) -> float:
        """`fraction` of the total."""
        return self.fraction * total_mass


def unit_columns(unit: Unit) -> list[str]:
    """The columns that `unit_mass` reads."""
    return [TEXT] if unit == "bytes" else []


def unit_mass(rows: pa.Table, unit: Unit) -> FloatArray:
    """(n,) what a row counts for: 1, or the UTF-8 bytes of its text."""
    if unit == "rows":
        return np.ones(rows.num_rows)
    lengths = pc.binary_length(rows[TEXT]).fill_null(0)
    masses: FloatArray = lengths.to_numpy().astype(np.float64)
    return masses
