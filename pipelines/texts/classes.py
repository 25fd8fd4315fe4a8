"""Character classes: what every UTF-8 byte of a text belongs to."""

import functools
import sys
import unicodedata

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import FloatArray
from pipelines.texts.arrays import ByteArray, OffsetArray, bytes_and_offsets

# What a character is, one bit each; a class array holds the class of its character at every UTF-8 byte.
SPACE, WORD, LETTER, LOWER, VOWEL, STOP, CLOSER = 1, 2, 4, 8, 16, 32, 64
STOPS = ".!?…。！？"
CLOSERS = "\"')]}”’»*_"


def count_words(texts: pa.Array) -> FloatArray:
    """(n,) numbers of runs of characters that are not white space."""
    data, offsets = utf8(texts)
    space = (classify(data) & SPACE).astype(bool)
    before = np.ones(len(data) + 1, dtype=bool)
    before[1:] = space
    before[offsets] = True
    starts = np.zeros(len(data) + 1, np.int64)
    np.cumsum(~space & before[:-1], out=starts[1:])
    counts: FloatArray = np.diff(starts[offsets]).astype(np.float64)
    return counts


def utf8(texts: pa.Array) -> tuple[ByteArray, OffsetArray]:
    """The bytes of these texts alone, and (n + 1,) offsets into them from 0; no text is copied."""
    data, offsets = bytes_and_offsets(texts)
    return data[offsets[0] : offsets[-1]], offsets - offsets[0]


def classify(data: ByteArray) -> ByteArray:
    """The class bits of the character that every byte of valid UTF-8 belongs to."""
    table = character_classes()
    classes = table[:256][data]
    for width, first, last, mask in ((2, 0xC0, 0xDF, 0x1F), (3, 0xE0, 0xEF, 0x0F), (4, 0xF0, 0xF7, 0x07)):
        leads = np.flatnonzero((data >= first) & (data <= last))
        points = (data[leads] & mask).astype(np.int32)
        for step in range(1, width):
            points = (points << 6) | (data[leads + step] & 0x3F)
        for step in range(width):
            classes[leads + step] = table[points]
    return classes


@functools.cache
def character_classes() -> ByteArray:
    r"""(1114112,) class bits of every code point: WORD and SPACE are `\w` and `\s` of Python's `re`."""
    table = np.zeros(sys.maxunicode + 1, np.uint8)
    for point in range(sys.maxunicode + 1):
        character = chr(point)
        if character.isspace():
            table[point] = SPACE
        elif character.isalpha():
            table[point] = WORD | LETTER | (LOWER if character.islower() else 0)
        elif character.isalnum():
            table[point] = WORD
    table[ord("_")] = WORD
    for point in range(0x250):
        if unicodedata.normalize("NFD", chr(point))[0].lower() in "aeiouy":
            table[point] |= VOWEL
    for bit, characters in ((STOP, STOPS), (CLOSER, CLOSERS)):
        table[[ord(character) for character in characters]] |= bit
    return table
