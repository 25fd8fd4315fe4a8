"""What kinds of characters, words and lines a text is made of, counted in one compiled loop.

`census` gives (n, COLUMNS) counts, one column for each of the names below. A letter is in Unicode's categories L or M,
a digit in N; a symbol is every other character that is no whitespace and no punctuation of prose.
"""

import functools
import unicodedata

import numpy as np
import numpy.typing as npt

from pipelines.texts.arrays import ByteArray, OffsetArray
from pipelines.texts.words import compiled, next_word

CHARACTERS, LETTERS, CAPITALS, DIGITS, SYMBOLS, HASHES, ELLIPSES = range(7)
WORDS, LETTER_WORDS, LINES, BULLET_LINES, ELLIPSIS_LINES = range(7, 12)
COLUMNS = 12

LETTER, CAPITAL, DIGIT, PUNCTUATION, BULLET, SPACED_BULLET = 1, 2, 4, 8, 16, 32
PROSE_PUNCTUATION = frozenset(".,;:!?'\"()-‘’“”«»–—…")
BULLETS = frozenset("•‣⁃◦▪▫■□●○▶►➤✓")
SPACED_BULLETS = frozenset("-*+·–—")  # begin a list entry only where whitespace follows
DOT, HASH, ELLIPSIS, REPLACEMENT = ord("."), ord("#"), ord("…"), 0xFFFD
PLANES = 0x20000  # the planes with letters, symbols and emoji; what lies above are ideographs
CountArray = npt.NDArray[np.int64]


@functools.cache
def classes() -> ByteArray:
    """(PLANES,) the class bits of every code point of the first two planes."""
    return np.array([_class_bits(chr(code)) for code in range(PLANES)], np.uint8)


def _class_bits(character: str) -> int:
    category = unicodedata.category(character)
    bits = LETTER if category[0] in "LM" else DIGIT if category[0] == "N" else 0
    if category == "Lu":
        bits |= CAPITAL
    if character in PROSE_PUNCTUATION:
        bits |= PUNCTUATION
    return bits | (BULLET if character in BULLETS else SPACED_BULLET if character in SPACED_BULLETS else 0)


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
def class_of(classes: ByteArray, code: np.int64) -> np.int64:
    """The class bits of a code point."""
    return np.int64(classes[code]) if code < len(classes) else np.int64(LETTER)


@compiled
def census(data: ByteArray, offsets: OffsetArray, classes: ByteArray) -> CountArray:
    """(n, COLUMNS) counts of each text."""
    counts = np.zeros((len(offsets) - 1, COLUMNS), np.int64)
    for row in range(len(counts)):
        tally, end = counts[row], offsets[row + 1]
        begin, stop, breaks = next_word(data, offsets[row], end)
        cut_off = False
        while begin < stop:
            if breaks > 0 or tally[WORDS] == 0:
                tally[LINES] += 1
                tally[ELLIPSIS_LINES] += cut_off
                tally[BULLET_LINES] += is_bullet(data, begin, stop, classes)
            cut_off = count_word(data, begin, stop, classes, tally)
            begin, stop, breaks = next_word(data, stop, end)
        tally[ELLIPSIS_LINES] += cut_off
    return counts


@compiled
def is_bullet(data: ByteArray, begin: int, stop: int, classes: ByteArray) -> bool:
    """Whether a line whose first word this is begins with a bullet point."""
    code, width = code_point(data, begin, stop)
    bits = class_of(classes, code)
    return bool(bits & BULLET > 0 or (bits & SPACED_BULLET > 0 and begin + width == stop))


@compiled
def count_word(data: ByteArray, begin: int, stop: int, classes: ByteArray, tally: CountArray) -> bool:
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
        letters += bits & LETTER
        capitals += (bits & CAPITAL) > 0
        digits += (bits & DIGIT) > 0
        symbols += bits & (LETTER | DIGIT | PUNCTUATION) == 0
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
