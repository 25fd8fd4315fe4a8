"""The one folding: what makes texts equal that differ only in how their characters are written."""

import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.rows import BoolArray
from pipelines.texts.arrays import ByteArray, OffsetArray, bytes_and_offsets, from_bytes
from pipelines.texts.classes import INVISIBLE, UNFOLDED, ClassArray, character_classes
from pipelines.texts.words import class_at, compiled, space_width

BLANK = ord(" ")


def folded(texts: pa.Array) -> pa.Array:
    """The texts as `lettered`, every run of white space one blank, none at the ends; large_string."""
    return from_bytes(*single_blanks(*bytes_and_offsets(lettered(texts))))


def lettered(texts: pa.Array) -> pa.Array:
    """The texts in Unicode's NFKC, in lower case, without invisible characters (joiners, soft hyphens); same type.

    In ASCII only capitals change, and every byte keeps its place. So it is with most other texts, whose quotes and
    dashes are their own normal form; the rest is normalized by Python, at 90 MB a second, since Arrow makes 50.
    """
    ascii_only = pc.string_is_ascii(texts)
    if pc.all(ascii_only, min_count=0).as_py():
        return pc.ascii_lower(texts)
    classes = character_classes()
    other = pa.array(has_unfolded(*bytes_and_offsets(texts), ascii_only.to_numpy(zero_copy_only=False), classes))
    seen = from_bytes(*visible(*bytes_and_offsets(texts.filter(other)), classes))
    letters = [unicodedata.normalize("NFKC", text).lower() for text in seen.to_pylist()]
    return pc.replace_with_mask(pc.ascii_lower(texts), other, pa.array(letters, texts.type))


@compiled
def has_unfolded(data: ByteArray, offsets: OffsetArray, skipped: BoolArray, classes: ClassArray) -> BoolArray:
    """(n,) whether a text that is not `skipped` has a character that is UNFOLDED, ASCII capitals aside."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    for row in range(len(found)):
        position, end = offsets[row], offsets[row] if skipped[row] else offsets[row + 1]
        while position < end and not found[row]:
            if data[position] < 0x80:
                position += 1
            else:
                bits, width = class_at(data, position, end, classes)
                found[row] = bits & UNFOLDED > 0
                position += width
    return found


@compiled
def single_blanks(data: ByteArray, offsets: OffsetArray) -> tuple[ByteArray, OffsetArray]:
    """The runs of each text with one blank between two, as bytes and offsets."""
    out, ends, filled = np.empty(offsets[-1] - offsets[0], np.uint8), np.zeros(len(offsets), np.int64), 0
    for row in range(len(offsets) - 1):
        position, end, begin = offsets[row], offsets[row + 1], filled
        while position < end:
            byte = data[position]
            width = 0 if BLANK < byte < 0x80 else space_width(data, position, end)
            if width == 0:
                out[filled] = byte
                filled, position = filled + 1, position + 1
                continue
            position += width
            if filled > begin and out[filled - 1] != BLANK:
                out[filled] = BLANK
                filled += 1
        filled -= int(filled > begin and out[filled - 1] == BLANK)
        ends[row + 1] = filled
    return out[:filled], ends


@compiled
def visible(data: ByteArray, offsets: OffsetArray, classes: ClassArray) -> tuple[ByteArray, OffsetArray]:
    """Each text less its INVISIBLE characters, as bytes and offsets."""
    out, ends, filled = np.empty(offsets[-1] - offsets[0], np.uint8), np.zeros(len(offsets), np.int64), 0
    for row in range(len(offsets) - 1):
        position, end = offsets[row], offsets[row + 1]
        while position < end:
            bits, width = class_at(data, position, end, classes)
            if not bits & INVISIBLE:
                for byte in range(position, position + width):
                    out[filled] = data[byte]
                    filled += 1
            position += width
        ends[row + 1] = filled
    return out[:filled], ends
