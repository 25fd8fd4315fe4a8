"""Characters and words that no writer of a language put there, counted in one compiled loop.

`census` gives (n, COLUMNS) counts, one column for each of the names below.

- An encoded word has at least ENCODED_LENGTH characters, all of base64's (or of its URL form), and either is
  hexadecimal throughout or changes between small letters, capitals and digits in at least 2 of 5 places (random
  base64: 0.64; CamelCase: about 0.3).
- A plain word is 4 or more ASCII letters, small ones throughout or after the first; whatever is not a letter is taken
  off both of its ends. It is vowelless when it holds none of a, e, i, o, u, y.
- A mixed word changes from small letter or digit to another kind, or from capital to digit, 3 times or more, and in at
  least every third place: `xK3jQ9`, but not `CamelCase`, `utf8` or `x86_64`.
- Garbled characters are U+FFFD, the C1 controls, private use, and UTF-8 that was read as Latin-1 or Windows-1252.
"""

import numpy as np
import numpy.typing as npt

from pipelines.texts.arrays import ByteArray, OffsetArray
from pipelines.texts.words import compiled, is_character_start, next_run

CHARACTERS, WORDS, ENCODED_CHARACTERS, PLAIN_WORDS, VOWELLESS_WORDS, MIXED_WORDS, GARBLED_CHARACTERS = range(7)
COLUMNS = 7

ENCODED_LENGTH = 24
PLAIN_LENGTH = 4
SMALL, CAPITAL, DIGIT, ENCODING_MARK, OTHER = 1, 2, 3, 4, 0
CountArray = npt.NDArray[np.int64]


@compiled
def kind_of(byte: int) -> int:
    """SMALL, CAPITAL, DIGIT, ENCODING_MARK (base64's other characters) or OTHER."""
    if 97 <= byte <= 122:
        return SMALL
    if 65 <= byte <= 90:
        return CAPITAL
    if 48 <= byte <= 57:
        return DIGIT
    return ENCODING_MARK if byte == 43 or byte == 45 or byte == 47 or byte == 61 or byte == 95 else OTHER


@compiled
def is_vowel(byte: int) -> bool:
    """Whether this ASCII byte is one of a, e, i, o, u, y in either case."""
    small = byte | 0x20
    return small == 97 or small == 101 or small == 105 or small == 111 or small == 117 or small == 121


@compiled
def is_garbled(data: ByteArray, position: int, end: int) -> bool:
    """Whether the character that begins here is garbled (see the head of this file)."""
    first: int = data[position]
    if first < 0xC2 or position + 1 >= end:
        return False
    second: int = data[position + 1]
    if first == 0xC2:
        return second < 0xA0
    if first == 0xC3:  # the lead bytes C2, C3 and E2 as they look in Latin-1, with a continuation byte after them
        following: int = data[position + 2] if position + 2 < end else 0
        if second == 0x82 or second == 0x83:
            return following == 0xC2
        is_quote: bool = second == 0xA2 and position + 3 < end and following == 0xE2 and data[position + 3] == 0x82
        return is_quote
    if first == 0xEF and position + 2 < end:
        return second < 0xA4 or (second == 0xBF and data[position + 2] == 0xBD)
    return first == 0xEE


@compiled
def census(data: ByteArray, offsets: OffsetArray) -> CountArray:
    """(n, COLUMNS) counts of each text."""
    counts = np.zeros((len(offsets) - 1, COLUMNS), np.int64)
    for row in range(len(counts)):
        tally, end = counts[row], offsets[row + 1]
        begin, stop, _ = next_run(data, offsets[row], end)
        while begin < stop:
            count_word(data, begin, stop, tally)
            begin, stop, _ = next_run(data, stop, end)
    return counts


@compiled
def count_word(data: ByteArray, begin: int, stop: int, tally: CountArray) -> None:
    """Adds one word to the counts of its text."""
    characters = 0
    for position in range(begin, stop):
        if data[position] < 0x80:
            characters += 1
        elif is_character_start(data[position]):
            characters += 1
            tally[GARBLED_CHARACTERS] += is_garbled(data, position, stop)
    tally[CHARACTERS] += characters
    tally[WORDS] += 1
    while begin < stop and not 1 <= kind_of(data[begin]) <= 3:
        begin += 1
    while begin < stop and not 1 <= kind_of(data[stop - 1]) <= 3:
        stop -= 1
    if stop - begin >= PLAIN_LENGTH:
        count_trimmed(data, begin, stop, tally)


@compiled
def count_trimmed(data: ByteArray, begin: int, stop: int, tally: CountArray) -> None:
    """Adds what a word is, by the kinds of its bytes: encoded, mixed, plain, vowelless."""
    small, others, marks, hexadecimal, vowels, capitals, changes, odd_changes, before = 0, 0, 0, 0, 0, 0, 0, 0, OTHER
    for position in range(begin, stop):
        byte = data[position]
        kind = kind_of(byte)
        small += kind == SMALL
        capitals += kind == CAPITAL
        others += kind == OTHER
        marks += kind == ENCODING_MARK
        hexadecimal += kind == DIGIT or (kind == SMALL and byte <= 102) or (kind == CAPITAL and byte <= 70)
        vowels += kind != OTHER and is_vowel(byte)
        changed = kind != before and position > begin and 1 <= kind <= 3 and 1 <= before <= 3
        changes += changed
        odd_changes += changed and not (before == CAPITAL and kind == SMALL)
        before = kind
    length = stop - begin
    if length >= ENCODED_LENGTH and others == 0 and (hexadecimal == length or 5 * changes >= 2 * length):
        tally[ENCODED_CHARACTERS] += length
    elif odd_changes >= 3 and 3 * odd_changes >= length:
        tally[MIXED_WORDS] += 1
    elif small + (kind_of(data[begin]) == CAPITAL) == length:
        tally[PLAIN_WORDS] += 1
        tally[VOWELLESS_WORDS] += vowels == 0
