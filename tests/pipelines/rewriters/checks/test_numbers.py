import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rewriters.checks.numbers import invented_numbers


def test_counts_numbers_that_are_not_in_the_original() -> None:
    assert invented_numbers("born 1912, died 3.5", "in 1912 there were 7 or 7 or 3.5") == (1, pytest.approx(1 / 3))
    assert invented_numbers("1 2 3", "none") == (0, 0.0)


@given(st.text(st.sampled_from("0123456789.,- a"), max_size=60))
def test_a_text_invents_no_number_of_its_own(text: str) -> None:
    assert invented_numbers(text, text) == (0, 0.0)
