"""Ranks: how selectors turn columns into keys, and what a row counts for."""

from fractions import Fraction
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, FloatArray

Measure = Literal["rows", "bytes"]


def measure_columns(measure: Measure) -> list[str]:
    """The columns that `mass_of` reads."""
    return [TEXT] if measure == "bytes" else []


def mass_of(rows: pa.Table, measure: Measure) -> FloatArray:
    """(n,) what a row counts for: 1, or the UTF-8 bytes of its text."""
    if measure == "rows":
        return np.ones(rows.num_rows)
    lengths = pc.binary_length(rows[TEXT]).fill_null(0)
    masses: FloatArray = lengths.to_numpy().astype(np.float64)
    return masses


def share_of(mass: float, share: float) -> float:
    """`share` of the mass, exactly as its decimal number says: 0.29 of 100 is 29, where floats give 28.99..."""
    return float(as_written(share) * Fraction(mass))


def as_written(number: float) -> Fraction:
    """The decimal number that a float was read from, exactly."""
    return Fraction(repr(number))


Order = Literal["descending", "ascending"]

LAST = -float(np.finfo(np.float64).max)


def column_key(rows: pa.Table, by: str, order: Order = "descending") -> FloatArray:
    """(n,) finite keys that put the wanted end of the column first, and nulls and NaN last.

    Mistake where the column is not numeric.
    """
    return finite_key(wanted(rows, by, order))


def wanted(rows: pa.Table, by: str, order: Order) -> FloatArray:
    """(n,) the numbers of the column with the wanted end up, NaN where there is none; Mistake where it has texts."""
    values = _numbers(rows, by)
    return values if order == "descending" else -values


def _numbers(rows: pa.Table, by: str) -> FloatArray:
    column = rows[by]
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type)):
        raise Mistake(f"column '{by}' holds {column.type}, not numbers; select by a column that a score step wrote")
    values: FloatArray = pc.cast(column, pa.float64(), safe=False).fill_null(np.nan).to_numpy()
    return values


def probabilities(rows: pa.Table, by: str) -> FloatArray:
    """(n,) the probabilities in the column `by`, NaN where there is none.

    Mistake where the column is not numeric, or holds a number outside of 0 to 1.
    """
    values = _numbers(rows, by)
    outside = values[(values < 0) | (values > 1)]
    if len(outside):
        raise Mistake(
            f"column '{by}' holds {outside[0]}, which is no probability; select by a column of numbers from 0 to 1, "
            "such as a classifier's"
        )
    return values


def finite_key(values: FloatArray) -> FloatArray:
    """(n,) the values with NaN below every number and infinities at the ends of the floats."""
    return np.nan_to_num(values, nan=LAST, posinf=-LAST, neginf=LAST)
