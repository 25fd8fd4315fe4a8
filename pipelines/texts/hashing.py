"""Words of texts as 64-bit numbers: FNV-1a over their bytes, then mixed."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.texts.arrays import ByteArray, OffsetArray, bytes_and_offsets
from pipelines.texts.classes import EXTEND, SPACE, UNSPACED, WORD, ClassArray, character_classes
from pipelines.texts.folding import lettered
from pipelines.texts.mixing import mixed
from pipelines.texts.words import class_at, compiled

HashArray = npt.NDArray[np.uint64]

FNV_START, FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)

mix = compiled(mixed)


@compiled
def with_byte(state: np.uint64, byte: np.uint8) -> np.uint64:
    """The state of a hash that has taken one more byte."""
    return (state ^ np.uint64(byte)) * FNV_PRIME


@compiled
def next_piece(data: ByteArray, position: int, end: int, classes: ClassArray) -> tuple[int, int, np.int64, np.uint64]:
    """Begin, end, first character's class and hash of the first piece from `position` on; no piece: begin == end."""
    bits, width = np.int64(0), 0
    while position < end:
        bits, width = class_at(data, position, end, classes)
        if not bits & SPACE:
            break
        position += width
    begin, first = position, bits
    state = FNV_START
    while position < end:
        state = with_byte(state, data[position])
        for place in range(position + 1, position + width):
            state = with_byte(state, data[place])
        position += width
        if first & UNSPACED or position == end:
            break
        bits, width = class_at(data, position, end, classes)
        if not is_inside(bits) if first & WORD else bits & (WORD | SPACE):
            break
    return begin, position, first, mix(state)


@compiled
def is_inside(bits: np.int64) -> bool:
    """Whether a character of this class goes on with a word that has begun."""
    return bool(bits & (WORD | EXTEND) > 0 and bits & UNSPACED == 0)


def hash_pieces(texts: pa.Array) -> tuple[HashArray, OffsetArray]:
    """The hashes of the pieces of n texts in order, and (n + 1,) offsets into them; both are the caller's to change.

    Pieces are the words and runs of marks of the folded text (`words`, `folding`). For ASCII these are NLTK's
    WordPunct tokens, but that an underscore is a mark.
    """
    data, offsets = bytes_and_offsets(lettered(texts))
    return pieces_of(data, offsets, character_classes())


@compiled
def pieces_of(data: ByteArray, offsets: OffsetArray, classes: ClassArray) -> tuple[HashArray, OffsetArray]:
    """Hashes and offsets of the pieces of folded texts."""
    hashes, found = np.empty(offsets[-1] - offsets[0], np.uint64), 0
    piece_offsets = np.zeros(len(offsets), np.int64)
    for row in range(len(offsets) - 1):
        end = offsets[row + 1]
        begin, stop, _, key = next_piece(data, offsets[row], end, classes)
        while begin < stop:
            hashes[found] = key
            found += 1
            begin, stop, _, key = next_piece(data, stop, end, classes)
        piece_offsets[row + 1] = found
    return hashes[:found], piece_offsets
