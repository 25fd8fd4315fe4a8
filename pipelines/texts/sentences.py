"""Sentences: the one rule of where they end.

A sentence ends at a run whose last characters are stops, with the quotes and brackets that close behind them, when the
next run does not begin in lower case; behind 。！？ and what closes behind them, whatever follows; at as many line
breaks as the caller says; and at the end of the text. The full stop of an initial ("J.", "U.S.") or of one of
ABBREVIATIONS ends none, nor does that of a run of one character ("1."). `classes` are those of the bytes.
"""

import numpy as np
import numpy.typing as npt

from pipelines.texts.abbreviations import ABBREVIATIONS
from pipelines.texts.arrays import ByteArray, OffsetArray
from pipelines.texts.classes import CLOSER, LETTER, LOWER, SPACE, STOP, WIDE_STOP, WORD, ClassArray, character_classes
from pipelines.texts.words import classify, compiled

CountArray = npt.NDArray[np.int64]

FULL_STOP, LINE_BREAK = ord("."), ord("\n")
LONGEST = max(map(len, ABBREVIATIONS))
STEMS = tuple(int.from_bytes(word.encode(), "big") for word in ABBREVIATIONS)
GOES_ON, MAY_END, ENDS = 0, 1, 2  # what the last characters of a run say of its sentence
BLANK_LINE, EVERY_LINE = 2, 1  # line breaks that end a sentence: where lines are wrapped, and where they are not


@compiled
def count_sentences(data: ByteArray, classes: ClassArray, offsets: OffsetArray) -> CountArray:
    """(n,) sentences of each text, whose lines are taken for wrapped."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    for row in range(len(counts)):
        place, end = offsets[row], offsets[row + 1]
        while place < end and classes[place] & SPACE:
            place += 1
        while place < end:
            counts[row] += 1
            place = next_sentence(data, classes, place, end, BLANK_LINE)
    return counts


def sentences_and_lines(text: str) -> list[str]:
    """The sentences of a text in which every line break ends one, each with the white space behind it.

    Joined they are the text, and none is blank: white space at its start belongs to the first one.
    """
    encoded = text.encode() if text.strip() else b""
    data = np.frombuffer(encoded, np.uint8)
    classes, found, begin = classify(data, character_classes()), [], 0
    while begin < len(data):
        stop = next_sentence(data, classes, begin, len(data), EVERY_LINE)
        found.append(encoded[begin:stop].decode())
        begin = stop
    return found


@compiled
def next_sentence(data: ByteArray, classes: ClassArray, place: int, end: int, enough_breaks: int) -> int:
    """Where the sentence after the one at `place` begins; `end` if there is none."""
    breaks, state, inside = 0, GOES_ON, False
    while place < end:
        if classes[place] & SPACE:
            breaks += data[place] == LINE_BREAK
            place += 1
            continue
        ended = state == ENDS or (state == MAY_END and not classes[place] & LOWER)
        if inside and (ended or breaks >= enough_breaks):
            return place
        start = place
        while place < end and not classes[place] & (SPACE | WIDE_STOP):
            place += 1
        if place < end and classes[place] & WIDE_STOP:
            place = behind_wide_stops(data, classes, place, end)
            if place < end and not classes[place] & SPACE:
                return place
        breaks, inside, state = 0, True, verdict(data, classes, start, place)
    return end


@compiled
def behind_wide_stops(data: ByteArray, classes: ClassArray, place: int, end: int) -> int:
    """The place behind the wide stops at `place` and what closes behind them: ASCII marks only where the run ends."""
    while place < end and classes[place] & WIDE_STOP:
        place += 1
    closed = place
    while closed < end and classes[closed] & CLOSER:
        closed += 1
    if closed == end or classes[closed] & SPACE:
        return closed
    while place < end and classes[place] & CLOSER and data[place] >= 0x80:
        place += 1
    return place


@compiled
def verdict(data: ByteArray, classes: ClassArray, start: int, stop: int) -> int:
    """Whether the run from `start` to `stop` GOES_ON with its sentence, MAY_END it or ENDS it."""
    last = stop - 1
    while last > start and classes[last] & CLOSER:
        last -= 1
    if not classes[last] & STOP:
        return GOES_ON
    if classes[last] & WIDE_STOP:
        return ENDS
    if data[last] != FULL_STOP:
        return MAY_END
    begin = last
    while begin > start and data[begin - 1] != FULL_STOP and last - begin <= LONGEST:
        begin -= 1
    while begin < last and not classes[begin] & WORD:
        begin += 1
    length = last - begin
    if length == 1 and (begin == start or classes[begin] & LETTER):
        return GOES_ON
    return GOES_ON if 1 < length <= LONGEST and is_abbreviation(data, begin, last) else MAY_END


@compiled
def is_abbreviation(data: ByteArray, begin: int, stop: int) -> bool:
    """Whether these bytes are one of ABBREVIATIONS, in either case."""
    stem, found = 0, False
    for position in range(begin, stop):
        stem = (stem << 8) | (data[position] | 32)
    for each in STEMS:
        found |= stem == each
    return found
