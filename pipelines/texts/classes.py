"""The one classification of characters: what every code point is, as bits of one table.

White space is what `str.isspace` says. Letters, digits and combining marks are Unicode's categories L, N and M. What is
written without spaces between words is told by script. Everything else is a mark.
"""

import functools
import sys
import unicodedata

import numpy as np
import numpy.typing as npt

ClassArray = npt.NDArray[np.uint16]

SPACE, LETTER, DIGIT, EXTEND, UNSPACED, INVISIBLE = 1, 2, 4, 8, 16, 32
LOWER, CAPITAL, VOWEL = 64, 128, 256
STOP, WIDE_STOP, CLOSER = 512, 1024, 2048
PROSE_MARK, BULLET, SPACED_BULLET = 4096, 8192, 16384
UNFOLDED = 32768  # NFKC or lower case may change it, or what stands before it
WORD = LETTER | DIGIT | UNSPACED  # a word begins with one of these

STOPS = ".!?…"
WIDE_STOPS = "。！？"  # end a sentence with no white space behind them
CLOSERS = "\"')]}”’»*_」』）】》〉"
PROSE_MARKS = ".,;:!?'\"()-‘’“”«»–—…"
BULLETS = "•‣⁃◦▪▫■□●○▶►➤✓"
SPACED_BULLETS = "-*+·–—"  # begin a list entry only where white space follows
VOWELS = "aeiouy"

PLANES = 0x20000  # code points of the first two planes, which Unicode's database is asked about one by one
IDEOGRAPHS = (0x20000, 0x40000)  # the two planes above them
COMPATIBLE_IDEOGRAPHS = (0x2F800, 0x2FA20)
JOINING_JAMO = (0x1160, 0x1200)
TAGS = (0xE0000, 0xE1000)  # tags and variation selectors
LAST_OF_LATIN = 0x250
NUMBER_SIGNS = (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)  # of category Cf, but seen
# Blocks of Han, Hiragana, Katakana, Thai, Lao, Myanmar and Khmer; their digits and marks of prose are not UNSPACED.
UNSPACED_BLOCKS = (
    (0xE00, 0xF00), (0x1000, 0x10A0), (0x1780, 0x1800), (0x19E0, 0x1A00), (0x2E80, 0x2FE0), (0x3005, 0x3008),
    (0x3021, 0x302A), (0x3031, 0x3036), (0x3038, 0x303D), (0x3041, 0x3100), (0x31F0, 0x3200), (0x3400, 0x4DC0),
    (0x4E00, 0xA000), (0xA9E0, 0xAA00), (0xAA60, 0xAA80), (0xF900, 0xFB00), (0xFF66, 0xFFA0),
    (0x1AFF0, 0x1B170),
)  # fmt: skip


@functools.cache
def character_classes() -> ClassArray:
    """(1114112,) class bits of every code point; 0.1 s, once in a process."""
    table = np.zeros(sys.maxunicode + 1, np.uint16)
    table[:PLANES] = [_bits(chr(point)) for point in range(PLANES)]
    table[slice(*IDEOGRAPHS)] = LETTER | UNSPACED
    table[slice(*TAGS)] = INVISIBLE | UNFOLDED
    table[slice(*COMPATIBLE_IDEOGRAPHS)] |= UNFOLDED
    table[slice(*JOINING_JAMO)] |= UNFOLDED
    for first, end in UNSPACED_BLOCKS:
        block = table[first:end]
        block[(block & (LETTER | EXTEND)) > 0] |= UNSPACED
    for point in range(LAST_OF_LATIN):
        if unicodedata.normalize("NFD", chr(point))[0].lower() in VOWELS:
            table[point] |= VOWEL
    for bit, characters in (
        (STOP, STOPS + WIDE_STOPS),
        (WIDE_STOP, WIDE_STOPS),
        (CLOSER, CLOSERS),
        (PROSE_MARK, PROSE_MARKS),
        (BULLET, BULLETS),
        (SPACED_BULLET, SPACED_BULLETS),
    ):
        table[[ord(character) for character in characters]] |= bit
    table.flags.writeable = False
    return table


def _bits(character: str) -> int:
    """What Unicode's database says of one character."""
    category = unicodedata.category(character)
    bits = {"L": LETTER, "M": EXTEND, "N": DIGIT}.get(category[0], 0)
    if character.isspace():
        bits |= SPACE
    if character.islower() and category[0] == "L":
        bits |= LOWER
    if category == "Lu":
        bits |= CAPITAL
    if is_invisible(character, category):
        bits |= INVISIBLE
    is_folded = category[0] != "M" and unicodedata.normalize("NFKC", character).lower() == character
    return bits if is_folded and not bits & INVISIBLE else bits | UNFOLDED


def is_invisible(character: str, category: str) -> bool:
    """Whether a character of this category shows nothing of its own: joiners, soft hyphens, variation selectors."""
    if category == "Cf":
        return ord(character) not in NUMBER_SIGNS
    return category == "Mn" and "VARIATION SELECTOR" in unicodedata.name(character, "")
