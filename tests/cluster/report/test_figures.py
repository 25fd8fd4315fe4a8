"""Numbers are written as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.report import figures


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (figures.flops(1.2e15), "1.2 PFLOP"),
        (figures.flops(0), "0"),
        (figures.size(34_100_000), "34.1 MB"),
        (figures.size(999), "999 B"),
        (figures.size(999_999), "1 MB"),
        (figures.tokens(6_000_000), "6 M"),
        (figures.count(33325), "33,325"),
        (figures.count(2.37), "2.37"),
        (figures.epochs(0.0041), "0.0041 epochs"),
        (figures.epochs(0.0001), "< 0.001 epochs"),
        (figures.epochs(2.371), "2.37 epochs"),
        (figures.epochs(1.0), "1 epoch"),
        (figures.share(0.0631), "6.3 %"),
        (figures.share(0.0004), "< 0.1 %"),
        (figures.share(1), "100 %"),
        (figures.signed(-0.2116), "−0.212"),
        (figures.signed(0.0001), "0.000"),
        (figures.times(4.12), "4.1x"),
        (figures.times(0.853), "0.85x"),
        (figures.bits(2.3), "2.300"),
    ],
)
def test_examples(written: str, expected: str) -> None:
    assert written == expected


@given(st.floats(1, 1e24))
def test_three_digits_say_the_number_to_half_a_percent(value: float) -> None:
    digits, _, prefix = figures.scaled(value, "").partition(" ")
    power = figures.PREFIXES.index(prefix)
    assert float(digits) * 1000**power == pytest.approx(value, rel=0.006)
    assert len(digits.replace(".", "")) <= 3
