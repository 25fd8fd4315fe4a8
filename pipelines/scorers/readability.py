"""Scorer `readability`: the Flesch formulas, with sentences, words and syllables counted by compiled rules."""

import functools
from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.texts.arrays import ByteArray, OffsetArray, utf8
from pipelines.texts.classes import LETTER, VOWEL, ClassArray, character_classes

CountArray = npt.NDArray[np.int64]


class Readability(Scorer):
    """How hard a text is to read: Flesch-Kincaid school `grade` (low is easy) or Flesch reading `ease` (high is easy).

    grade = 0.39 words/sentences + 11.8 syllables/words - 15.59 (Kincaid et al., 1975);
    ease = 206.835 - 1.015 words/sentences - 84.6 syllables/words (Flesch, 1948).
    Sentences are those of `sentence_length`. A word is a run of letters and inner apostrophes. Its syllables are its
    runs of the vowels aeiouy (with or without accents), less a silent `e` or `ed` at its end (not `le` after a
    consonant, not `ed` after d or t), and at least one. A text without words scores 0.
    """

    version: ClassVar[int] = 2  # 2: 。！？ end sentences; initials as in "U.S." and quoted abbreviations end none

    formula: Literal["grade", "ease"] = "grade"

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, compiled, or loaded compiled from numba's cache."""
        from pipelines.texts.sentences import count_sentences
        from pipelines.texts.words import classify

        table, count_syllables = character_classes(), syllable_counter()
        constant, by_words, by_syllables = (-15.59, 0.39, 11.8) if self.formula == "grade" else (206.835, -1.015, -84.6)

        def score(rows: pa.Table) -> Scores:
            texts = rows[TEXT].combine_chunks()
            data, offsets = utf8(texts)
            classes = classify(data, table)
            sentences = count_sentences(data, classes, offsets)
            words, syllables = count_syllables(data, classes, offsets)
            ratio = by_words * words / np.maximum(sentences, 1) + by_syllables * syllables / np.maximum(words, 1)
            return Scores(np.where(words > 0, constant + ratio, 0.0))

        return score


SyllableCounter = Callable[[ByteArray, ClassArray, OffsetArray], tuple[CountArray, CountArray]]


@functools.cache
def syllable_counter() -> SyllableCounter:
    """The compiled function from (bytes, classes, offsets) of n texts to their (n,) words and (n,) syllables."""
    import numba

    kernel = numba.njit(cache=True, nogil=True)(_count)

    def count(data: ByteArray, classes: ClassArray, offsets: OffsetArray) -> tuple[CountArray, CountArray]:
        words, syllables = np.zeros((2, len(offsets) - 1), np.int64)
        kernel(data, classes, offsets, words, syllables)
        return words, syllables

    return count


def _count(
    data: ByteArray, classes: ClassArray, offsets: OffsetArray, words: CountArray, syllables: CountArray
) -> None:
    for row in range(len(offsets) - 1):
        place, end = offsets[row], offsets[row + 1]
        while place < end:
            if not classes[place] & LETTER:
                place += 1
                continue
            start, found, in_vowel = place, 0, False
            while place < end and (classes[place] & LETTER or data[place] == 39):
                vowel = classes[place] & VOWEL != 0
                found += vowel and not in_vowel
                in_vowel = vowel
                place += 1
            last = place - 1
            while data[last] == 39:
                last -= 1
            final, before = data[last] | 32, data[max(last - 1, start)] | 32
            if found > 1 and final == 101 and not classes[last - 1] & VOWEL:
                found -= before != 108 or classes[last - 2] & VOWEL != 0
            elif found > 1 and final == 100 and before == 101 and not classes[last - 2] & VOWEL:
                onset = data[last - 2] | 32
                found -= onset != 100 and onset != 116
            words[row] += 1
            syllables[row] += max(found, 1)
