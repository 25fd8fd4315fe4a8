"""Selector `middle_fraction`: the documents whose value in a column is neither among the highest nor the lowest."""

import pyarrow as pa
from pydantic import Field

from pipelines.contracts.rows import FloatArray
from pipelines.contracts.selector import Selector
from pipelines.corpus.ranks import Measure, column_key, mass_of, measure_columns, share_of


class MiddleFraction(Selector):
    """Keeps the middle `fraction` of the documents, or of their text bytes, by the column `by`.

    As much is left out above as below. Of a proxy's losses the middle can train a model better than either end: the
    lowest are of texts that it knows by heart, the highest of noise ("When Less is More", arXiv 2309.04564). A row
    whose value is null or no number counts as one of the lowest.
    """

    by: str = Field(min_length=1)
    fraction: float = Field(default=0.5, gt=0, le=1)
    of: Measure = "rows"

    @property
    def columns(self) -> list[str]:
        """The column `by`, and `text` where bytes are counted."""
        return [self.by, *measure_columns(self.of)]

    def key(self, rows: pa.Table, seed: int) -> FloatArray:
        """(n,) the column."""
        return column_key(rows, self.by)

    def mass(self, rows: pa.Table) -> FloatArray:
        """(n,) what each row counts for: 1, or the UTF-8 bytes of its text."""
        return mass_of(rows, self.of)

    def budget(self, total_mass: float) -> float:
        """`fraction` of the total mass."""
        return share_of(total_mass, self.fraction)

    def passed_over(self, total_mass: float, kept_mass: float) -> float:
        """Half of what is not kept."""
        return (total_mass - kept_mass) / 2
