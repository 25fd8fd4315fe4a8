"""Between Arrow and numpy: the bytes of a string array on the way in, reasons on the way out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.rows import BoolArray, FloatArray

ByteArray = npt.NDArray[np.uint8]
OffsetArray = npt.NDArray[np.int64]


class Limit(NamedTuple):
    """At most this share of the count in column `whole` may be in column `part`; None for no limit."""

    reason: str
    most: float | None
    part: int
    whole: int


def bytes_and_offsets(texts: pa.Array) -> tuple[ByteArray, OffsetArray]:
    """UTF-8 bytes and (n + 1,) offsets of a string or large_string array: text i is `data[offsets[i]:offsets[i + 1]]`.

    Right for slices too. The bytes are not copied and are read-only.
    """
    _, offset_buffer, data_buffer = texts.buffers()
    data = np.frombuffer(data_buffer or b"", np.uint8)
    data.flags.writeable = False
    if len(texts) == 0:
        return data, np.zeros(1, np.int64)
    width = np.dtype(np.int32 if pa.types.is_string(texts.type) else np.int64)
    offsets = np.frombuffer(offset_buffer, width, len(texts) + 1, texts.offset * width.itemsize)
    return data, offsets.astype(np.int64)


def utf8(texts: pa.Array) -> tuple[ByteArray, OffsetArray]:
    """The bytes of these texts alone, and (n + 1,) offsets into them from 0; no text is copied."""
    data, offsets = bytes_and_offsets(texts)
    return data[offsets[0] : offsets[-1]], offsets - offsets[0]


def from_bytes(data: ByteArray, offsets: OffsetArray) -> pa.Array:
    """The large_string array of these bytes and (n + 1,) offsets; nothing is copied."""
    return pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def share(part: npt.NDArray[np.integer], whole: npt.NDArray[np.integer]) -> FloatArray:
    """`part / whole`, and 0 where the whole is 0."""
    shares: FloatArray = part / np.maximum(whole, 1)
    return shares


def over(counts: npt.NDArray[np.integer], limits: Sequence[Limit]) -> list[tuple[str, BoolArray]]:
    """For each limit its reason and (n,) whether the share is over it; (n, columns) `counts`. None is no limit."""
    return [
        (limit.reason, share(counts[:, limit.part], counts[:, limit.whole]) > limit.most)
        for limit in limits
        if limit.most is not None
    ]


def first_reason(rows: int, rules: Sequence[tuple[str, BoolArray]]) -> pa.Array:
    """(rows,) strings: the name of the first rule whose mask is true, null where none is."""
    codes = np.zeros(rows, np.int8)
    for code in range(len(rules), 0, -1):
        codes[rules[code - 1][1]] = code
    return named(codes, [name for name, _ in rules])


def named(codes: npt.NDArray[np.integer], names: Sequence[str]) -> pa.Array:
    """(n,) strings: null for code 0, `names[code - 1]` for the others."""
    return pa.array([None, *names], pa.string()).take(pa.array(codes))


def one_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The chunks of a column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
