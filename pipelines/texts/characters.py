"""What kinds of characters, runs and lines a text is made of, counted in one compiled loop.

`census` gives (n, COLUMNS) counts, one column for each of the names below. A letter is in Unicode's categories L or M,
a digit in N; a symbol is every other character that is no whitespace and no punctuation of prose.
"""

import numpy as np
import numpy.typing as npt

from pipelines.texts.arrays import ByteArray, OffsetArray
from pipelines.texts.classes import (
    BULLET,
    CAPITAL,
    DIGIT,
    EXTEND,
    LETTER,
    PLANES,
    PROSE_MARK,
    SPACED_BULLET,
    ClassArray,
)
from pipelines.texts.words import code_point, compiled, next_run

CHARACTERS, LETTERS, CAPITALS, DIGITS, SYMBOLS, HASHES, ELLIPSES = range(7)
WORDS, LETTER_WORDS, LINES, BULLET_LINES, ELLIPSIS_LINES = range(7, 12)
COLUMNS = 12

DOT, HASH, ELLIPSIS = ord("."), ord("#"), ord("…")
CountArray = npt.NDArray[np.int64]


@compiled
def class_of(classes: ClassArray, code: np.int64) -> np.int64:
    """The class bits of a code point; what lies above the first two planes are ideographs."""
    return np.int64(classes[code]) if code < PLANES else np.int64(LETTER)


@compiled
def census(data: ByteArray, offsets: OffsetArray, classes: ClassArray) -> CountArray:
    """(n, COLUMNS) counts of each text."""
    counts = np.zeros((len(offsets) - 1, COLUMNS), np.int64)
    for row in range(len(counts)):
        tally, end = counts[row], offsets[row + 1]
        begin, stop, breaks = next_run(data, offsets[row], end)
        cut_off = False
        while begin < stop:
            if breaks > 0 or tally[WORDS] == 0:
                tally[LINES] += 1
                tally[ELLIPSIS_LINES] += cut_off
                tally[BULLET_LINES] += is_bullet(data, begin, stop, classes)
            cut_off = count_word(data, begin, stop, classes, tally)
            begin, stop, breaks = next_run(data, stop, end)
        tally[ELLIPSIS_LINES] += cut_off
    return counts


@compiled
def is_bullet(data: ByteArray, begin: int, stop: int, classes: ClassArray) -> bool:
    """Whether a line whose first word this is begins with a bullet point."""
    code, width = code_point(data, begin, stop)
    bits = class_of(classes, code)
    return bool(bits & BULLET > 0 or (bits & SPACED_BULLET > 0 and begin + width == stop))


@compiled
def count_word(data: ByteArray, begin: int, stop: int, classes: ClassArray, tally: CountArray) -> bool:
    """Adds one word to the counts of its text; returns whether it ends in an ellipsis."""
    letters: int | np.integer
    digits: int | np.integer
    capitals: int | np.integer
    letters, digits, capitals, symbols, characters, dots, position = 0, 0, 0, 0, 0, 0, begin
    cut_off = False
    while position < stop:
        code, width = code_point(data, position, stop)
        bits = class_of(classes, code)
        characters += 1
        letters += bits & (LETTER | EXTEND) > 0
        capitals += bits & CAPITAL > 0
        digits += bits & DIGIT > 0
        symbols += bits & (LETTER | EXTEND | DIGIT | PROSE_MARK) == 0
        tally[HASHES] += code == HASH
        dots = dots + 1 if code == DOT else 0
        tally[ELLIPSES] += code == ELLIPSIS or dots == 3
        cut_off = code == ELLIPSIS or dots >= 3
        position += width
    tally[CHARACTERS] += characters
    tally[LETTERS] += letters
    tally[CAPITALS] += capitals
    tally[DIGITS] += digits
    tally[SYMBOLS] += symbols
    tally[WORDS] += 1
    tally[LETTER_WORDS] += letters > 0
    return cut_off
