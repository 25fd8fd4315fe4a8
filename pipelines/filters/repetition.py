"""Filter `repetition`: texts that say the same again and again."""

from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.filter import Filter, FilterFn
from pipelines.texts.arrays import bytes_and_offsets, named

Share = Annotated[float, Field(ge=0, le=1)]


class Repetition(Filter):
    """Drops texts that repeat lines, paragraphs or word n-grams (Rae et al. 2021, "Gopher", Table A1).

    Every limit is the paper's; None turns its rule off. A duplicate line, paragraph or n-gram is one that stood before
    in the same text: its first occurrence is no duplicate. Words are parted by whitespace, blank lines are no lines,
    blank space inside a line makes no difference. Shares by characters are of all characters that are no whitespace;
    a character in several duplicates counts once. Top n-grams: the share of characters within the most frequent
    one, of equally frequent ones the first, as datatrove does; the paper leaves it open.

    `ngram_min_words`: shorter texts are judged by lines and paragraphs only, since there two equal pairs of words
    are a fifth of the text; the paper judges no text of fewer than 50 words. Documentation repeats itself by form
    (parameter lists, tables): when too much of it goes, raise the limits on lines and on top 2-grams first.

    Reasons: `duplicate_lines`, `duplicate_line_characters`, `duplicate_paragraphs`, `duplicate_paragraph_characters`,
    `top_2_gram`, `top_3_gram`, `top_4_gram`, `duplicate_5_gram`, `duplicate_6_gram`, `duplicate_7_gram`,
    `duplicate_8_gram`, `duplicate_9_gram`, `duplicate_10_gram`; the first in this order is given.
    """

    version: ClassVar[int] = 2  # 2: of equally frequent top n-grams the first counts, not the widest

    duplicate_lines: Share | None = 0.30
    duplicate_line_characters: Share | None = 0.20
    duplicate_paragraphs: Share | None = 0.30
    duplicate_paragraph_characters: Share | None = 0.20
    top_2_gram: Share | None = 0.20
    top_3_gram: Share | None = 0.18
    top_4_gram: Share | None = 0.16
    duplicate_5_gram: Share | None = 0.15
    duplicate_6_gram: Share | None = 0.14
    duplicate_7_gram: Share | None = 0.13
    duplicate_8_gram: Share | None = 0.12
    duplicate_9_gram: Share | None = 0.11
    duplicate_10_gram: Share | None = 0.10
    ngram_min_words: int = Field(default=50, ge=0)

    def limits(self) -> dict[str, float]:
        """The highest share allowed for each reason, in the order in which the rules are tried; 1 where it is off."""
        rules = {name: value for name, value in self if name not in ("kind", "ngram_min_words")}
        return {name: 1.0 if value is None else value for name, value in rules.items()}

    def open(self) -> FilterFn:
        """The compiled judge: the first call in a process takes a moment to load it, or seconds to compile it once."""
        from pipelines.texts.repeats import first_broken_rule

        reasons = list(self.limits())
        limits = np.array(list(self.limits().values()))
        ngram_min_words = self.ngram_min_words

        def judge(texts: pa.Array) -> pa.Array:
            return named(first_broken_rule(*bytes_and_offsets(texts), limits, ngram_min_words), reasons)

        return judge
