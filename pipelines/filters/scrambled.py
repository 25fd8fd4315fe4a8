"""Filter `scrambled`: texts that are no natural language at all."""

from typing import Annotated

import pyarrow as pa
from pydantic import Field

from pipelines.contracts.filter import Filter, FilterFn
from pipelines.texts.arrays import Limit, bytes_and_offsets, first_reason, over

Share = Annotated[float, Field(ge=0, le=1)]


class Scrambled(Filter):
    """Drops encoded blobs, broken encodings and words that nobody could say.

    `encoded`: share of characters in long hexadecimal or base64 words. `garbled`: share of characters that are U+FFFD,
    controls, or UTF-8 that was read in another encoding. `mixed_words`: share of words like `xK3jQ9`.
    `vowelless_words`: share of the words of four or more Latin letters without a vowel; texts in other scripts have no
    such words and pass. What counts as each is stated exactly in `pipelines/texts/scrambles.py`; the limits are this
    project's. None turns a rule off.

    Reasons: `garbled`, `encoded`, `mixed_words`, `vowelless_words`; the first in this order is given.
    """

    encoded: Share | None = 0.2
    garbled: Share | None = 0.01
    mixed_words: Share | None = 0.1
    vowelless_words: Share | None = 0.2

    def open(self) -> FilterFn:
        """The compiled judge: the first call in a process takes a moment to load it, or seconds to compile it once."""
        from pipelines.texts import scrambles as c

        limits = [
            Limit("garbled", self.garbled, c.GARBLED_CHARACTERS, c.CHARACTERS),
            Limit("encoded", self.encoded, c.ENCODED_CHARACTERS, c.CHARACTERS),
            Limit("mixed_words", self.mixed_words, c.MIXED_WORDS, c.WORDS),
            Limit("vowelless_words", self.vowelless_words, c.VOWELLESS_WORDS, c.PLAIN_WORDS),
        ]

        def judge(texts: pa.Array) -> pa.Array:
            return first_reason(len(texts), over(c.census(*bytes_and_offsets(texts)), limits))

        return judge
