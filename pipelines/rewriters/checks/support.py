"""How far a rewritten text still says what the original said, told by its words, numbers and negations.

Rewriting into simple words changes most words on purpose, so the measures ask what is cheap and telling: does the
rewrite share more words with its original than it would with a stranger of the same length, do its numbers come
from it, and has it lost or gained every "not". Paraphrases that no word betrays are beyond them.
"""

import functools
import math
import re

STEM_LETTERS = 6
SHORTEST_WORD = 3
RAREST = 1e-7  # frequency given to stems that the word list does not know

WORD = re.compile(r"[^\W\d_]+")
HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def support(original: str, rewrite: str) -> float:
    """How much more of the rewrite's vocabulary is in the original than chance would put there: 1 all, 0 by chance.

    For a stem w of frequency f in English, a stranger of n words holds w with probability q = 1 - exp(-f n). The result
    is sum(found - q) / sum(1 - q) over the rewrite's distinct stems, as Cohen's kappa (1960) corrects agreement for
    chance: words that are everywhere weigh nothing. At most 1, may be below 0, and 1 for a rewrite without words.
    """
    words = _words(original)
    known = {_stem(word) for word in words}
    surplus = possible = 0.0
    for stem in {_stem(word) for word in _words(rewrite)}:
        by_chance = -math.expm1(-_frequency(stem) * len(words))
        surplus += (stem in known) - by_chance
        possible += 1.0 - by_chance
    return surplus / possible if possible > 0.0 else 1.0


def _words(text: str) -> list[str]:
    """Lower-case words of at least SHORTEST_WORD letters; names in code come apart at their humps and underscores."""
    return [word.lower() for word in WORD.findall(HUMP.sub(" ", text)) if len(word) >= SHORTEST_WORD]


def _stem(word: str) -> str:
    return word[:STEM_LETTERS]


def _frequency(stem: str) -> float:
    return _stem_frequencies().get(stem, RAREST)


@functools.cache
def _stem_frequencies() -> dict[str, float]:
    """The frequency of every stem of wordfreq's English list, at least RAREST; made once in a process."""
    from wordfreq import get_frequency_dict

    totals: dict[str, float] = {}
    for word, frequency in get_frequency_dict("en").items():
        totals[_stem(word)] = totals.get(_stem(word), RAREST) + frequency
    return totals
