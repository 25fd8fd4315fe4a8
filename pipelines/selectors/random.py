"""Selector `random`: a random subset of a given size."""

from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from pipelines.contracts.rows import ID, FloatArray
from pipelines.contracts.selector import Selector
from pipelines.corpus.randomness import uniform
from pipelines.corpus.ranks import Measure, mass_of, measure_columns, share_of


class Random(Selector):
    """Keeps a uniformly random `fraction` of the documents, or of their text bytes: the baseline of every selection."""

    version: ClassVar[int] = 2  # 2: the fraction is the decimal number that was written

    fraction: float = Field(default=0.5, gt=0, le=1)
    of: Measure = "rows"

    @property
    def columns(self) -> list[str]:
        """The column `text` where bytes are counted, else none."""
        return measure_columns(self.of)

    def key(self, rows: pa.Table, seed: int) -> FloatArray:
        """(n,) uniform numbers that depend on the seed and the row's id."""
        return uniform(rows[ID].combine_chunks(), seed, "selectors.random")

    def mass(self, rows: pa.Table) -> FloatArray:
        """(n,) what each row counts for: 1, or the UTF-8 bytes of its text."""
        return mass_of(rows, self.of)

    def budget(self, total_mass: float) -> float:
        """`fraction` of the total mass."""
        return share_of(total_mass, self.fraction)
