"""All rules in their order, again and again until a text no longer changes."""

from collections.abc import Callable
from typing import Literal

from pipelines.engines.simplify.docstrings import without_docstring_markup
from pipelines.engines.simplify.hidden import Hidden, without_doctests
from pipelines.engines.simplify.lines import without_page_lines
from pipelines.engines.simplify.markup import without_markup
from pipelines.engines.simplify.noise import (
    with_plain_marks,
    with_plain_spaces,
    without_addresses,
    without_scrambled_words,
)
from pipelines.engines.simplify.sentences import sentence_cutter, without_asides
from pipelines.engines.simplify.vocabulary import table
from pipelines.engines.simplify.words import plain_words

MOST_PASSES = 8  # real texts settle in two or three
Simplify = Callable[[str], str]


def simplifier(vocabulary: int, sentence_words: int, doctests: Literal["keep", "drop"]) -> Simplify:
    """A pure function with `simplify(simplify(x)) == simplify(x)`.

    Of a text that is all noise, and of one that does not settle, the result is the text itself.
    """
    on_prose = (
        with_plain_marks,
        without_markup,
        without_addresses,
        without_scrambled_words,
        without_page_lines,
        without_asides,
        sentence_cutter(sentence_words),
        plain_words(table(vocabulary)),
        with_plain_spaces,
    )

    def once(text: str) -> str:
        hidden = Hidden()
        prose = without_doctests(text) if doctests == "drop" else text
        prose = hidden.spans(without_docstring_markup(hidden.blocks(prose)))
        for rule in on_prose:
            prose = rule(prose)
        return hidden.reveal(prose)

    return lambda text: settled(once, text) or text


def settled(once: Simplify, text: str) -> str:
    """What `once` makes of the text, applied until nothing changes; the text itself if that takes too long."""
    result = text
    for _ in range(MOST_PASSES):
        previous, result = result, once(result)
        if result == previous:
            return result
    return text
