"""Filter `length`: texts that are too short or too long, as a whole or in their words."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts.filter import Filter, FilterFn
from pipelines.texts.arrays import bytes_and_offsets, first_reason
from pipelines.texts.classes import character_classes


class Length(Filter):
    """Drops texts outside bounds on characters, words, and characters a word.

    Words stand between whitespace; in Chinese, Japanese and Thai every letter is one, and has no part in the mean word
    length. `characters` counts whitespace, the mean word length does not. The upper
    bound on words and both bounds on the mean word length are those of Rae et al. 2021 ("Gopher", appendix A.1.1); its
    lower bound of 50 words is for web pages (`min_words: 50`), the default of 20 words and 100 characters also keeps
    short documentation. None turns a bound off. A text without words has no mean word length.

    Reasons: `too_short`, `too_long`, `too_few_words`, `too_many_words`, `short_words`, `long_words`; the first in this
    order is given.
    """

    version: ClassVar[int] = 2  # 2: letters of scripts without spaces are words

    min_characters: int | None = Field(default=100, ge=0)
    max_characters: int | None = Field(default=1_000_000, ge=0)
    min_words: int | None = Field(default=20, ge=0)
    max_words: int | None = Field(default=100_000, ge=0)
    min_mean_word_length: float | None = Field(default=3.0, ge=0)
    max_mean_word_length: float | None = Field(default=10.0, ge=0)

    def open(self) -> FilterFn:
        """The compiled judge: the first call in a process takes a moment to load it, or seconds to compile it once."""
        from pipelines.texts.words import SPACED_CHARACTERS, SPACED_WORDS, UNSPACED_WORDS, count_words

        classes = character_classes()

        bounds = [
            ("too_short", "too_long", self.min_characters, self.max_characters),
            ("too_few_words", "too_many_words", self.min_words, self.max_words),
            ("short_words", "long_words", self.min_mean_word_length, self.max_mean_word_length),
        ]

        def judge(texts: pa.Array) -> pa.Array:
            characters = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
            counts = count_words(*bytes_and_offsets(texts), classes)
            spaced, in_spaced = counts[:, SPACED_WORDS], counts[:, SPACED_CHARACTERS]
            words = spaced + counts[:, UNSPACED_WORDS]
            mean = np.divide(in_spaced, spaced, out=np.full(len(spaced), np.nan), where=spaced > 0)
            rules = []
            for (low, high, least, most), values in zip(bounds, (characters, words, mean), strict=True):
                rules += [] if least is None else [(low, values < least)]
                rules += [] if most is None else [(high, values > most)]
            return first_reason(len(texts), rules)

        return judge
