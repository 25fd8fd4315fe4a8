"""Rows of an Arrow table as people see them, whatever they hold."""

import unicodedata
from typing import Any

import pyarrow as pa

KEPT = "\n\t\u200c\u200d\u00ad"


def shown(rows: pa.Table) -> list[dict[str, Any]]:
    """Every row as a dictionary; a value that Python cannot hold is named by its type.

    Such are dates beyond the year 9999, times finer than microseconds, and strings inside of other values that are no
    UTF-8.
    """
    return [{name: _value(rows.column(name)[row]) for name in rows.column_names} for row in range(rows.num_rows)]


def visible(text: str) -> str:
    """The text with what steers a terminal or turns its direction written as an escape: controls and marks of Unicode.

    Line feeds, tabs and the joiners that scripts are written with stay.
    """
    return "".join(sign if _is_harmless(sign) else sign.encode("unicode_escape").decode() for sign in text)


def _is_harmless(sign: str) -> bool:
    return sign in KEPT or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _value(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except (ValueError, OverflowError, pa.ArrowNotImplementedError):
        return f"<{value.type}>"
