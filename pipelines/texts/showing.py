"""Rows of an Arrow table as people see them, whatever they hold."""

from typing import Any

import pyarrow as pa


def shown(rows: pa.Table) -> list[dict[str, Any]]:
    """Every row as a dictionary; a value that Python cannot hold is named by its type.

    Such are dates beyond the year 9999, times finer than microseconds, and strings inside of other values that are no
    UTF-8.
    """
    return [{name: _value(rows.column(name)[row]) for name in rows.column_names} for row in range(rows.num_rows)]


def _value(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except (ValueError, OverflowError, pa.ArrowNotImplementedError):
        return f"<{value.type}>"
