"""Words in UTF-8 bytes, found by compiled loops."""

import numba
import numpy as np
import numpy.typing as npt

from pipelines.texts.arrays import ByteArray, OffsetArray

compiled = numba.njit(cache=True, nogil=True)


@compiled
def space_width(data: ByteArray, position: int, end: int) -> int:
    """Bytes of the whitespace character at `position`, 0 where there is another character; as `str.isspace`."""
    first = data[position]
    if first < 0x80:
        return 1 if first == 32 or 9 <= first <= 13 or 28 <= first <= 31 else 0
    if first == 0xC2 and position + 1 < end:
        return 2 if data[position + 1] == 0x85 or data[position + 1] == 0xA0 else 0
    if not 0xE1 <= first <= 0xE3 or position + 2 >= end:
        return 0
    second, third = data[position + 1], data[position + 2]
    if first == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    if first == 0xE3:
        return 3 if second == 0x80 and third == 0x80 else 0
    is_general = second == 0x80 and (third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF)
    return 3 if is_general or (second == 0x81 and third == 0x9F) else 0


@compiled
def next_word(data: ByteArray, position: int, end: int) -> tuple[int, int, int]:
    """Begin and end of the first word from `position` on, and the line breaks before it; no word: begin == end."""
    breaks = 0
    while position < end:
        width = space_width(data, position, end)
        if width == 0:
            break
        breaks += data[position] == 10
        position += width
    begin = position
    while position < end and space_width(data, position, end) == 0:
        position += 1
    return begin, position, breaks


@compiled
def is_character_start(byte: int) -> bool:
    """True for the first byte of a UTF-8 character, so that counting these counts code points."""
    return (byte & 0xC0) != 0x80


@compiled
def count_words(data: ByteArray, offsets: OffsetArray) -> npt.NDArray[np.int64]:
    """(n, 2) counts of each text: words, and the characters in them."""
    counts = np.zeros((len(offsets) - 1, 2), np.int64)
    for row in range(len(counts)):
        end = offsets[row + 1]
        begin, stop, _ = next_word(data, offsets[row], end)
        while begin < stop:
            counts[row, 0] += 1
            for position in range(begin, stop):
                counts[row, 1] += is_character_start(data[position])
            begin, stop, _ = next_word(data, stop, end)
    return counts
