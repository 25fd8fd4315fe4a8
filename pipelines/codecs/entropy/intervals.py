"""Exact arithmetic coding of short strings: intervals with whole ends, and the shortest bits that name one.

The interval of a string is [low, low + width) / 2**scale in [0, 1); the empty string has all of it. Every further byte
cuts out its part of the interval, in proportion to its integers of the CDF. Three things hold:

- Intervals of strings of one length have no point in common, and a string's interval holds those of all it begins.
- k bits name the dyadic interval [code, code + 1) / 2**k. The bits of a string are the fewest whose dyadic interval
  lies inside the string's own. So a longer string never has fewer bits: what fits in a window, fits with its prefixes.
- A byte has at least 2**-14 of the interval before it, and the first one begins at a multiple of 2**-14: it has at
  most 14 bits, so every window of 14 bits or more holds a byte.

Python's integers have no last digit, so nothing is rounded (the paper's range coder renormalises; arXiv 2404.03626, B).
"""

from typing import NamedTuple

import numpy as np

from pipelines.codecs.entropy.cdf import BITS, Int64Array


class Interval(NamedTuple):
    """[low, low + width) / 2**scale."""

    low: int = 0
    width: int = 1
    scale: int = 0


def narrowed(interval: Interval, first: int, last: int) -> Interval:
    """The part from `first` up to `last` of 2**14."""
    low = (interval.low << BITS) + interval.width * first
    return Interval(low, interval.width * (last - first), interval.scale + BITS)


def least_count(interval: Interval, bits: int) -> int:
    """How many of 2**14 a byte needs at least so that what it leaves of the interval is as wide as 2**-bits."""
    return -(-(1 << (interval.scale + BITS)) // (interval.width << bits))


def padded_code(interval: Interval, most_bits: int) -> int | None:
    """The shortest bits of the interval, filled up with zeros to `most_bits`; None where more are needed.

    Of two as short the lower one is taken. No dyadic interval wider than the interval lies inside it, and one of half
    the width of the widest that is not does: only two numbers of bits are ever tried.
    """
    high = interval.low + interval.width
    fewest = interval.scale + 1 - interval.width.bit_length()
    for bits in range(fewest, most_bits + 1):
        code = -(-(interval.low << bits) >> interval.scale)
        if (code + 1) << interval.scale <= high << bits:
            return code << (most_bits - bits)
    return None


def byte_at(interval: Interval, cdf: Int64Array, code: int, bits: int) -> int:
    """The byte whose part of the interval holds the point code / 2**bits, which is in the interval.

    `cdf` are the (257,) integers of the byte that comes next.
    """
    above = (code << interval.scale) - (interval.low << bits)
    return int(np.searchsorted(cdf, (above << BITS) // (interval.width << bits), "right")) - 1
