"""Vectors: columns of lists of float32, and vectors of length 1."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import VectorArray
from pipelines.texts.arrays import one_array

UNIT_ERROR = 1e-3  # a vector this near to length 1 has it, up to the rounding of half precision


def as_column(vectors: VectorArray) -> pa.FixedSizeListArray:
    """(n, D) vectors as a column of lists."""
    values = pa.array(np.ascontiguousarray(vectors).ravel(), pa.float32())
    return pa.FixedSizeListArray.from_arrays(values, vectors.shape[1])


def from_column(table: pa.Table, name: str) -> VectorArray:
    """(n, D) a column of lists; Mistake where its lists are no numbers, one is missing, or they differ in length."""
    column = one_array(table[name])
    if not _holds_vectors(column.type):
        raise Mistake(f"column '{name}' holds {column.type}, not vectors; name a column that a step `embed` wrote")
    if column.null_count:
        raise Mistake(f"column '{name}' lacks {column.null_count} of {len(column)} vectors; make it by a step `embed`")
    values = column.flatten().to_numpy(zero_copy_only=False)
    if pa.types.is_fixed_size_list(column.type):
        return _rows(values, len(column), column.type.list_size)
    lengths = np.unique(column.value_lengths().to_numpy(zero_copy_only=False))
    if len(lengths) > 1:
        raise Mistake(f"column '{name}' holds vectors of {lengths[0]} and of {lengths[-1]} numbers; take one embedder")
    return _rows(values, len(column), int(lengths[0]) if len(lengths) else 0)


def _rows(values: npt.NDArray[np.floating], rows: int, width: int) -> VectorArray:
    found: VectorArray = values.reshape(rows, width).astype(np.float32, copy=False)
    return found


def _holds_vectors(kind: pa.DataType) -> bool:
    is_list = pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return bool(is_list and pa.types.is_floating(kind.value_type))


def to_unit(vectors: npt.NDArray[np.floating]) -> VectorArray:
    """(n, D) the vectors at length 1; zeros where a vector is zero or not finite."""
    wide = vectors.astype(np.float64)
    wide[~np.isfinite(wide).all(axis=1)] = 0.0
    largest = np.abs(wide).max(axis=1, keepdims=True, initial=0.0)
    scaled = wide / np.where(largest > 0, largest, 1.0)  # so that no square overflows or vanishes
    lengths = np.sqrt(np.square(scaled).sum(axis=1, keepdims=True))
    units: VectorArray = (scaled / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return units


def are_unit(vectors: VectorArray) -> npt.NDArray[np.bool_]:
    """(n,) whether each vector has length 1 already."""
    near: npt.NDArray[np.bool_] = np.abs(np.square(vectors.astype(np.float64)).sum(axis=1) - 1.0) <= UNIT_ERROR
    return near
