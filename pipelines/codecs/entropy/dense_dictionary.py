"""The codebook that wastes no code: the most probable strings under a byte model, one token each.

Windows of equal information leave most numbers unused, since few strings fill one exactly. Here the tokens are numbered
through: they stand for the strings that are most probable from an empty context, the leaves and inner nodes of a tree
that grows as Tunstall's (1967). A string is there with all that it begins with, so texts are parsed by longest match.
"""

import numpy as np

from pipelines.codecs.entropy.cdf import TOTAL, quantized_cdf
from pipelines.codecs.entropy.codebook import Codebook
from pipelines.contracts.byte_model import NextByteFn
from pipelines.contracts.rows import FloatArray

BATCH = 2048  # contexts in a call of the byte model


def dense_dictionary(predict: NextByteFn, entries: int) -> Codebook:
    """The codebook of the 256 single bytes and the `entries` - 256 most probable longer strings.

    Tokens number them from 0, the single bytes first, then by falling probability; of equally probable strings the one
    that is smaller as bytes comes first.
    """
    strings = most_probable(predict, entries)
    number = {text: place + 1 for place, text in enumerate(strings)} | {b"": 0}
    return Codebook(
        parents=np.array([0, *(number[text[:-1]] for text in strings)], np.int32),
        letters=np.array([0, *(text[-1] for text in strings)], np.uint8),
        codes=np.array([0, *range(entries)], np.int32),
        taken=np.array([0, *map(len, strings)], np.int32),
    )


def most_probable(predict: NextByteFn, entries: int) -> list[bytes]:
    """All single bytes, then the most probable strings, each behind its prefixes; `entries` together.

    A string is less probable than what it begins with. So once all of the best strings that are known have been
    extended by every byte and stay the best, no unknown string is better.
    """
    strings = [bytes((byte,)) for byte in range(256)]
    chances = _next_chances(predict, [b""])[0]
    waiting = np.ones(256, bool)
    while waiting.any():
        best = np.flatnonzero(waiting)
        best = best[np.argsort(-chances[best], kind="stable")][:BATCH]
        waiting[best] = False
        longer = chances[best, None] * _next_chances(predict, [strings[place] for place in best])
        least = _nth_largest(np.append(chances[256:], longer), entries - 256)
        kept = np.append(np.arange(256), 256 + np.flatnonzero(chances[256:] >= least))
        rows, letters = np.nonzero(longer >= least)
        new = [strings[best[row]] + bytes((letter,)) for row, letter in zip(rows, letters.tolist(), strict=True)]
        strings = [strings[place] for place in kept] + new
        chances = np.append(chances[kept], longer[rows, letters])
        waiting = np.append(waiting[kept], np.ones(len(new), bool))
    by_chance = sorted(range(256, len(strings)), key=lambda place: (-chances[place], strings[place]))
    return [strings[place] for place in [*range(256), *by_chance[: entries - 256]]]


def _nth_largest(values: FloatArray, n: int) -> float:
    """The n-th largest of the values; 0 where there are fewer than n, infinity for n = 0."""
    if n == 0:
        return np.inf
    return float(np.partition(values, -n)[-n]) if len(values) >= n else 0.0


def _next_chances(predict: NextByteFn, contexts: list[bytes]) -> FloatArray:
    """(n, 256) the quantized probabilities of the next byte. They lie between 0 and 1, so their products fall."""
    return np.diff(quantized_cdf(predict(contexts)), axis=1) / TOTAL
