"""The words that byte-level BPE merges in, as GPT-2's pattern finds them, by a compiled loop.

    's|'t|'re|'ve|'m|'ll|'d| ?letters| ?digits| ?(neither)| white space but the last before a word| white space

`classes` is `word_classes()` throughout. What a character is has never changed once Unicode assigned it; what this
Python's Unicode has not assigned is UNKNOWN, and texts that hold such a character are left to the library.
"""

import functools
import sys
import unicodedata

import numpy as np

from pipelines.texts.arrays import ByteArray
from pipelines.texts.classes import ClassArray
from pipelines.texts.words import class_at, compiled

UNKNOWN, LETTER, DIGIT, MARK, SPACE = range(5)
CLASS_OF_CATEGORY = {"L": LETTER, "N": DIGIT, "Z": SPACE}
CONTROLS_OF_SPACE = (*range(9, 14), 0x85)
ASSIGNED = 0x32400  # above are tags, variation selectors and private use: all UNKNOWN
BLANK, APOSTROPHE = ord(" "), ord("'")


@functools.cache
def word_classes() -> ClassArray:
    """(1114112,) the class of every code point; 20 ms, once in a process."""
    table = np.zeros(sys.maxunicode + 1, np.uint16)
    categories = [unicodedata.category(chr(point)) for point in range(ASSIGNED)]
    table[:ASSIGNED] = [
        UNKNOWN if category == "Cn" else CLASS_OF_CATEGORY.get(category[0], MARK) for category in categories
    ]
    table[list(CONTROLS_OF_SPACE)] = SPACE
    table.flags.writeable = False
    return table


@compiled
def word_end(data: ByteArray, begin: int, end: int, classes: ClassArray) -> int:
    """The end of the word that begins at `begin` in a text that ends at `end`; -1 at an UNKNOWN character."""
    short = contraction(data, begin, end)
    if short > 0:
        return begin + short
    first = begin + 1 if data[begin] == BLANK and begin + 1 < end else begin
    kind, width = class_at(data, first, end, classes)
    if kind == SPACE:
        return space_end(data, begin, end, classes)
    position, following = first, kind
    while following == kind and kind != UNKNOWN:
        position += width
        if position == end:
            return end
        following, width = class_at(data, position, end, classes)
    return -1 if following == UNKNOWN else position


@compiled
def space_end(data: ByteArray, begin: int, end: int, classes: ClassArray) -> int:
    """The end of the white space at `begin`: its last character is left to the word behind it, unless it is alone."""
    last = position = begin
    while position < end:
        kind, width = class_at(data, position, end, classes)
        if kind == UNKNOWN:
            return -1
        if kind != SPACE:
            return last if last > begin else position
        last, position = position, position + width
    return end


@compiled
def contraction(data: ByteArray, begin: int, end: int) -> int:
    """Bytes of the 's, 't, 're, 've, 'm, 'll or 'd at `begin`, 0 where there is none."""
    if data[begin] != APOSTROPHE or begin + 1 == end:
        return 0
    first = data[begin + 1]
    if first in (115, 100, 109, 116):  # s, d, m, t
        return 2
    second = data[begin + 2] if begin + 2 < end else 0
    is_long = (first == 108 and second == 108) or (first in (118, 114) and second == 101)  # ll, ve, re
    return 3 if is_long else 0
