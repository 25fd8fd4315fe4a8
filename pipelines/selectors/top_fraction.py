"""Selector `top_fraction`: the documents with the highest (or lowest) value in a column."""

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts import FloatArray, Selector
from pipelines.selectors.random import Unit, unit_columns, unit_mass

Order = Literal["descending", "ascending"]

LAST = -float(np.finfo(np.float64).max)


class TopFraction(Selector):
    """Keeps the best `fraction` of the documents, or of their text bytes, by the column `by`.

    `order: descending` keeps the highest values, `ascending` the lowest. A row whose value is null or no number
    comes last.
    """

    by: str = Field(min_length=1)
    fraction: float = Field(default=0.5, gt=0, le=1)
    order: Order = "descending"
    of: Unit = "rows"

    @property
    def columns(self) -> list[str]:
        """The column `by`, and `text` where bytes are counted."""
        return [self.by, *unit_columns(self.of)]

    def key(self, rows: pa.Table, seed: int) -> FloatArray:
        """(n,) the column, negated where the lowest are wanted."""
        return column_key(rows, self.by, self.order)

    def mass(self, rows: pa.Table) -> FloatArray:
        """(n,) 1 a row, or its UTF-8 bytes."""
        return unit_mass(rows, self.of)

    def budget(self, total_mass: float) -> float:
        """`fraction` of the total."""
        return self.fraction * total_mass


def column_key(rows: pa.Table, by: str, order: Order = "descending") -> FloatArray:
    """(n,) finite keys that put the wanted end of the column first, and nulls and NaN last.

    ValueError where the column is not numeric.
    """
    column = rows[by]
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type)):
        raise ValueError(f"column '{by}' holds {column.type}, not numbers; select by a column that a score step wrote")
    values = pc.cast(column, pa.float64(), safe=False).fill_null(np.nan).to_numpy()
    return finite_key(values if order == "descending" else -values)


def finite_key(values: FloatArray) -> FloatArray:
    """(n,) the values with NaN below every number and infinities at the ends of the floats."""
    return np.nan_to_num(values, nan=LAST, posinf=-LAST, neginf=LAST)
