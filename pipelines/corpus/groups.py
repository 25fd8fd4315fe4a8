"""Groups: the rows that have one value in a column, known by a whole number that is the same in every shard."""

import json

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from pipelines.contracts.mistakes import Mistake
from pipelines.texts.arrays import one_array

ALL = 0


def group_numbers(rows: pa.Table, column: str | None) -> npt.NDArray[np.int64]:
    """(n,) the number of each row's group: 64 bits of the xxh3 of its value, and ALL where there is no column.

    Nulls are a group of their own. Mistake where the values are neither texts nor whole numbers.
    """
    if column is None:
        return np.full(rows.num_rows, ALL, np.int64)
    values = one_array(rows[column])
    if not any(is_kind(values.type) for is_kind in _KINDS):
        raise Mistake(
            f"column '{column}' holds {values.type}, which makes no groups; choose within a column of texts or whole "
            "numbers, such as a genre or the number of a cluster"
        )
    encoded = pc.dictionary_encode(values, null_encoding="encode")
    numbers = np.array([_number(value) for value in encoded.dictionary.to_pylist()], np.int64)
    found: npt.NDArray[np.int64] = numbers[encoded.indices.to_numpy()]
    return found


_KINDS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_integer,
    pa.types.is_boolean,
    pa.types.is_null,
)


def _number(value: str | int | bool | None) -> int:
    unsigned = xxhash.xxh3_64_intdigest(json.dumps(value).encode())
    return unsigned - (1 << 64) if unsigned >> 63 else unsigned
