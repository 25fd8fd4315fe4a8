"""Characters, runs, pieces and words in UTF-8 bytes, found by compiled loops.

A run is what stands between white space. Inside a run, a word begins with a letter or digit and takes the letters,
digits and combining marks behind it; a letter of a script that is written without spaces is a word by itself. What is
left are runs of marks. Words and runs of marks are pieces. `classes` is `character_classes()` throughout.
"""

import numba
import numpy as np
import numpy.typing as npt

from pipelines.texts.arrays import ByteArray, OffsetArray
from pipelines.texts.classes import SPACE, UNSPACED, WORD, ClassArray

compiled = numba.njit(cache=True, nogil=True)

REPLACEMENT = 0xFFFD
SPACED_WORDS, SPACED_CHARACTERS, UNSPACED_WORDS = range(3)
COLUMNS = 3
CountArray = npt.NDArray[np.int64]


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
def next_run(data: ByteArray, position: int, end: int) -> tuple[int, int, int]:
    """Begin and end of the first run from `position` on, and the line breaks before it; no run: begin == end."""
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
def code_point(data: ByteArray, position: int, end: int) -> tuple[np.int64, int]:
    """The code point that begins at `position` and its bytes; broken UTF-8 reads as U+FFFD and one byte."""
    first = np.int64(data[position])
    if first < 0x80:
        return first, 1
    width = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if first < 0xC0 or position + width > end:
        return np.int64(REPLACEMENT), 1
    code = first & (0x7F >> width)
    for following in range(position + 1, position + width):
        code = (code << 6) | (np.int64(data[following]) & 0x3F)
    return code, width


@compiled
def class_at(data: ByteArray, position: int, end: int, classes: ClassArray) -> tuple[np.int64, int]:
    """The class bits of the character that begins at `position`, and its bytes."""
    first = data[position]
    if first < 0x80:
        return np.int64(classes[first]), 1
    code, width = code_point(data, position, end)
    return np.int64(classes[code]) if code < len(classes) else np.int64(0), width


@compiled
def classify(data: ByteArray, classes: ClassArray) -> ClassArray:
    """The class bits of the character that every byte belongs to."""
    found = np.empty(len(data), np.uint16)
    position, end = 0, len(data)
    while position < end:
        if data[position] < 0x80:
            found[position] = classes[data[position]]
            position += 1
        else:
            bits, width = class_at(data, position, end, classes)
            found[position : position + width] = bits
            position += width
    return found


@compiled
def count_words(data: ByteArray, offsets: OffsetArray, classes: ClassArray) -> CountArray:
    """(n, COLUMNS) counts of each text, its words parted by white space and by letters that are UNSPACED.

    Marks belong to the word that they touch: SPACED_WORDS are runs, or what letters that are words by themselves leave
    of a run where a letter or digit is left; SPACED_CHARACTERS are in them; UNSPACED_WORDS are those letters.
    """
    counts = np.zeros((len(offsets) - 1, COLUMNS), np.int64)
    for row in range(len(counts)):
        words, characters, unspaced, space_before = 0, 0, np.int64(0), np.int64(SPACE)
        position, end = offsets[row], offsets[row + 1]
        while position < end:
            bits, width = class_at(data, position, end, classes)
            space = bits & SPACE
            words += int(space < space_before)
            characters += int(space == 0)
            unspaced |= bits & UNSPACED
            space_before = space
            position += width
        if unspaced:
            count_mixed(data, offsets[row], end, classes, counts[row])
        else:
            counts[row, SPACED_WORDS], counts[row, SPACED_CHARACTERS] = words, characters
    return counts


@compiled
def count_mixed(data: ByteArray, position: int, end: int, classes: ClassArray, tally: CountArray) -> None:
    """Fills the counts of a text in which some letters are UNSPACED."""
    begin, stop, _ = next_run(data, position, end)
    while begin < stop:
        count_run(data, begin, stop, classes, tally)
        begin, stop, _ = next_run(data, stop, end)


@compiled
def count_run(data: ByteArray, begin: int, stop: int, classes: ClassArray, tally: CountArray) -> None:
    """Adds the words of one run to the counts of its text."""
    position, characters, has_word, unspaced = begin, 0, False, 0
    while position < stop:
        bits, width = class_at(data, position, stop, classes)
        position += width
        if bits & UNSPACED:
            tally[SPACED_WORDS] += has_word
            tally[SPACED_CHARACTERS] += characters * has_word
            unspaced, characters, has_word = unspaced + 1, 0, False
        else:
            characters += 1
            has_word = has_word or bool(bits & WORD > 0)
    if has_word or unspaced == 0:
        tally[SPACED_WORDS] += 1
        tally[SPACED_CHARACTERS] += characters
    tally[UNSPACED_WORDS] += unspaced
