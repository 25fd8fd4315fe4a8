"""Seeded randomness: a number for every row that depends on the seed, a purpose and the row's id, and on nothing else.

Retries, the order of rows and the number of workers change nothing, since no generator has a state. Two draws
for different purposes are independent although seed and id are the same.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from pipelines.contracts.rows import FloatArray
from pipelines.texts.mixing import GOLDEN, mixed

Uint64Array = npt.NDArray[np.uint64]

HEX_DIGITS = 32
NOT_HEX = 255


def uniform(ids: pa.Array, seed: int, purpose: str = "") -> FloatArray:
    """(n,) floats strictly between 0 and 1, a pure function of (seed, purpose, id): 52 bits of `key64`."""
    steps = key64(ids, seed, purpose) >> np.uint64(12)
    numbers: FloatArray = (steps.astype(np.float64) + 0.5) * 2.0**-52
    return numbers


def key64(ids: pa.Array, seed: int, purpose: str = "") -> Uint64Array:
    """(n,) 64 random-looking bits a row, a pure function of (seed, purpose, id).

    An id of 32 lower-case hexadecimal digits is read as the 16 bytes it spells; any other id is first hashed to
    16 bytes by xxh3-128, which is slower.
    """
    words = id_words(ids)
    start = xxhash.xxh3_64_intdigest(f"{seed}:{purpose}".encode())
    inner = mixed(words[:, 1] + np.uint64(start) + GOLDEN)
    return mixed((inner ^ words[:, 0]) + GOLDEN)


def id_words(ids: pa.Array) -> Uint64Array:
    """(n, 2) the 16 bytes of every id as its high and its low word.

    An id of 32 lower-case hexadecimal digits spells its bytes; any other id has those of its xxh3-128.
    """
    words = np.zeros((len(ids), 2), np.uint64)
    if not len(ids):
        return words
    wide = ids.cast(pa.large_string())
    _, offset_buffer, data_buffer = wide.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[wide.offset : wide.offset + len(ids) + 1]
    data = np.frombuffer(data_buffer or b"", np.uint8)
    candidates = np.flatnonzero(np.diff(offsets) == HEX_DIGITS)
    nibbles = _nibble_table()[data[offsets[candidates][:, None] + np.arange(HEX_DIGITS)]]
    is_hex = (nibbles != NOT_HEX).all(axis=1)
    packed = (nibbles[is_hex, 0::2] << 4) | nibbles[is_hex, 1::2]
    words[candidates[is_hex]] = packed.view(">u8")
    others = np.ones(len(ids), dtype=bool)
    others[candidates[is_hex]] = False
    for row in np.flatnonzero(others):
        text = data[offsets[row] : offsets[row + 1]]
        words[row] = np.frombuffer(xxhash.xxh3_128_digest(text.tobytes()), ">u8")
    return words


def _nibble_table() -> npt.NDArray[np.uint8]:
    table = np.full(256, NOT_HEX, np.uint8)
    table[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
    return table
