"""Selector `top_fraction`: the documents with the highest (or lowest) value in a column."""

from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from pipelines.contracts.rows import FloatArray
from pipelines.corpus.by_score import ByScore
from pipelines.corpus.ranks import Measure, Order, mass_of, measure_columns, share_of


class TopFraction(ByScore):
    """Keeps the best `fraction` of the documents, or of their text bytes, by the column `by`.

    `order: descending` keeps the highest values, `ascending` the lowest. A row whose value is null or no number
    comes last. `doubt` times the score's error, the column `<by>_error`, counts against a row.
    """

    version: ClassVar[int] = 2  # 2: the fraction is the decimal number that was written

    fraction: float = Field(default=0.5, gt=0, le=1)
    order: Order = "descending"
    of: Measure = "rows"

    @property
    def columns(self) -> list[str]:
        """What the score is read from, and `text` where bytes are counted."""
        return [*self.score_columns, *measure_columns(self.of)]

    def key(self, rows: pa.Table, seed: int) -> FloatArray:
        """(n,) the column, negated where the lowest are wanted, less `doubt` times its error."""
        return self.score(rows, self.order)

    def mass(self, rows: pa.Table) -> FloatArray:
        """(n,) what each row counts for: 1, or the UTF-8 bytes of its text."""
        return mass_of(rows, self.of)

    def budget(self, total_mass: float) -> float:
        """`fraction` of the total mass."""
        return share_of(total_mass, self.fraction)
