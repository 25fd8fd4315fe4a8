"""The invariants of intervals, in fractions."""

from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from pipelines.codecs.entropy.cdf import TOTAL
from pipelines.codecs.entropy.intervals import Interval, least_count, narrowed, padded_code

parts = st.tuples(st.integers(0, TOTAL - 1), st.integers(1, TOTAL)).map(
    lambda pair: (pair[0], min(pair[0] + pair[1], TOTAL))
)


def ends(interval: Interval) -> tuple[Fraction, Fraction]:
    scale = 1 << interval.scale
    return Fraction(interval.low, scale), Fraction(interval.low + interval.width, scale)


def interval_of(path: list[tuple[int, int]]) -> Interval:
    interval = Interval()
    for first, last in path:
        interval = narrowed(interval, first, last)
    return interval


@given(path=st.lists(parts, max_size=6))
def test_an_interval_is_the_product_of_its_parts(path: list[tuple[int, int]]) -> None:
    low, width = Fraction(0), Fraction(1)
    for first, last in path:
        low, width = low + width * Fraction(first, TOTAL), width * Fraction(last - first, TOTAL)
    assert ends(interval_of(path)) == (low, low + width)


@given(path=st.lists(parts, max_size=4), most_bits=st.integers(14, 40))
def test_the_code_is_the_shortest_inside(path: list[tuple[int, int]], most_bits: int) -> None:
    low, high = ends(interval_of(path))
    fitting = [bits for bits in range(most_bits + 1) if Fraction(ceil(low * 2**bits) + 1, 2**bits) <= high]
    code = padded_code(interval_of(path), most_bits)
    if not fitting:
        assert code is None
    else:
        assert code == ceil(low * 2 ** fitting[0]) << (most_bits - fitting[0])
        assert low <= Fraction(code, 2**most_bits) < high


@given(path=st.lists(parts, max_size=3), bits=st.integers(14, 30))
def test_the_least_count_is_what_a_part_of_that_width_needs(path: list[tuple[int, int]], bits: int) -> None:
    interval = interval_of(path)
    least = least_count(interval, bits)
    low, high = ends(narrowed(interval, 0, least))
    assert high - low >= Fraction(1, 2**bits)
    low, high = ends(narrowed(interval, 0, least - 1))
    assert high - low < Fraction(1, 2**bits)


@given(first=st.integers(0, TOTAL - 1))
def test_a_single_byte_needs_14_bits_at_most(first: int) -> None:
    assert padded_code(narrowed(Interval(), first, first + 1), 14) == first


def test_the_whole_needs_no_bit() -> None:
    assert padded_code(Interval(), 0) == 0
