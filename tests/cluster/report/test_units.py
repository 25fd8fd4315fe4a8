"""Numbers are written as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.report import units


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (units.flops(1.2e15), "1.2 PFLOP"),
        (units.flops(0), "0"),
        (units.size(34_100_000), "34.1 MB"),
        (units.size(999), "999 B"),
        (units.size(999_999), "1 MB"),
        (units.tokens(6_000_000), "6 M"),
        (units.duration(192), "3 min 12 s"),
        (units.duration(0.42), "0.4 s"),
        (units.duration(59.97), "1 min"),
        (units.duration(7500), "2 h 5 min"),
        (units.duration(200_000), "2 d 7 h"),
        (units.count(33325), "33,325"),
        (units.count(2.37), "2.37"),
        (units.share(0.0631), "6.3 %"),
        (units.share(0.0004), "< 0.1 %"),
        (units.share(1), "100 %"),
        (units.signed(-0.2116), "−0.212"),
        (units.signed(0.0001), "0.000"),
        (units.times(4.12), "4.1x"),
        (units.times(0.853), "0.85x"),
        (units.bits(2.3), "2.300"),
    ],
)
def test_examples(written: str, expected: str) -> None:
    assert written == expected


@given(st.floats(1, 1e24))
def test_three_digits_say_the_number_to_half_a_percent(value: float) -> None:
    digits, _, prefix = units.scaled(value, "").partition(" ")
    power = units.PREFIXES.index(prefix)
    assert float(digits) * 1000**power == pytest.approx(value, rel=0.006)
    assert len(digits.replace(".", "")) <= 3
