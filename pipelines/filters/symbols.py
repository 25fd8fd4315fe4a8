"""Filter `symbols`: texts made of something else than words and sentences."""

from typing import Annotated

import pyarrow as pa
from pydantic import Field

from pipelines.contracts.filter import Filter, FilterFn
from pipelines.texts.arrays import Limit, bytes_and_offsets, first_reason, over, share

Share = Annotated[float, Field(ge=0, le=1)]


class Symbols(Filter):
    """Drops texts with too many symbols, digits, capitals, wordless words, bullet points or cut-off lines.

    After the quality rules of Rae et al. 2021 ("Gopher", appendix A.1.1): `hash_to_word_ratio` and
    `ellipsis_to_word_ratio` (marks for each word), `bullet_lines` and `ellipsis_lines` (share of lines that begin or
    end so) and `letter_words` (share of words with a letter, the one lower bound) are the paper's rules and limits.
    `symbols` and `digits` (shares of characters) and `capitals` (share of letters) are of this project, loose enough
    for prose with formulas and identifiers. None turns a rule off.

    Whitespace is no character, a word is what stands between whitespace, blank lines are no lines, and a symbol is no
    letter, digit or sentence punctuation. Documentation of code is dense in symbols: `letter_words: 0.6` and
    `symbols: 0.35` keep more of it (signatures, tables, `name : type` lists).

    Reasons: `few_letter_words`, `symbols`, `digits`, `capitals`, `hashes`, `ellipses`, `bullet_lines`,
    `ellipsis_lines`; the first in this order is given.
    """

    letter_words: Share | None = 0.8
    symbols: Share | None = 0.25
    digits: Share | None = 0.25
    capitals: Share | None = 0.4
    hash_to_word_ratio: float | None = Field(default=0.1, ge=0)
    ellipsis_to_word_ratio: float | None = Field(default=0.1, ge=0)
    bullet_lines: Share | None = 0.9
    ellipsis_lines: Share | None = 0.3

    def open(self) -> FilterFn:
        """The compiled judge: the first call in a process takes a moment to load it, or seconds to compile it once."""
        from pipelines.texts import characters as c
        from pipelines.texts.classes import character_classes

        limits = [
            Limit("symbols", self.symbols, c.SYMBOLS, c.CHARACTERS),
            Limit("digits", self.digits, c.DIGITS, c.CHARACTERS),
            Limit("capitals", self.capitals, c.CAPITALS, c.LETTERS),
            Limit("hashes", self.hash_to_word_ratio, c.HASHES, c.WORDS),
            Limit("ellipses", self.ellipsis_to_word_ratio, c.ELLIPSES, c.WORDS),
            Limit("bullet_lines", self.bullet_lines, c.BULLET_LINES, c.LINES),
            Limit("ellipsis_lines", self.ellipsis_lines, c.ELLIPSIS_LINES, c.LINES),
        ]
        classes, least_letter_words = character_classes(), self.letter_words or 0.0

        def judge(texts: pa.Array) -> pa.Array:
            counts = c.census(*bytes_and_offsets(texts), classes)
            wordy = counts[:, c.WORDS] > 0
            few = wordy & (share(counts[:, c.LETTER_WORDS], counts[:, c.WORDS]) < least_letter_words)
            return first_reason(len(texts), [("few_letter_words", few), *over(counts, limits)])

        return judge
