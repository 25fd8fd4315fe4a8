"""Filter `stop_words`: texts without the small words that hold sentences together."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator

from pipelines.contracts.filter import Filter, FilterFn
from pipelines.contracts.mistakes import Mistake
from pipelines.texts.arrays import first_reason

ENGLISH = ("the", "be", "to", "of", "and", "that", "have", "with")


class StopWords(Filter):
    """Drops texts with fewer than `min_different` of the words in `words` (Rae et al. 2021, "Gopher", appendix A.1.1).

    The paper's words and its bound of two are the defaults; they are English, so another language takes other `words`
    (of ASCII letters in lower case; matched whole, in either case). Lists of names, tables and bare signatures go.

    Reasons: `few_stop_words`.
    """

    words: tuple[str, ...] = Field(default=ENGLISH, min_length=1)
    min_different: int = Field(default=2, ge=0)

    @field_validator("words")
    @classmethod
    def _plain(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if odd := [word for word in words if not (word.isascii() and word.isalpha() and word.islower())]:
            raise Mistake(f"words: {odd[0]!r} is not made of the small letters a to z; leave it out")
        return words

    def open(self) -> FilterFn:
        """The judge: one search for each word, by Arrow."""
        patterns = [rf"\b{word}\b" for word in self.words]
        least = self.min_different

        def judge(texts: pa.Array) -> pa.Array:
            different = np.zeros(len(texts), np.int64)
            for pattern in patterns:
                found = pc.match_substring_regex(texts, pattern, ignore_case=True)
                different += found.to_numpy(zero_copy_only=False)
            return first_reason(len(texts), [("few_stop_words", different < least)])

        return judge
