import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.rewriters.checks.support import support

ORIGINAL = (
    "The Marquette lighthouse, constructed from brick in 1866, is situated on the rocky shore of Lake Superior. "
    "Its lantern guided merchant vessels that transported iron ore; fishermen also relied on it during autumn storms."
)
REWRITE = (
    "The lighthouse is made of brick. It stands on the rocks at the shore of a big lake. Its light showed the way to "
    "ships that carried iron. People who catch fish needed it in storms."
)
STRANGER = (
    "A kitchen is a room where people cook. It often has an oven and a table. The family eats there in the evening. "
    "Some people wash the plates by hand, others have a machine."
)


def test_a_rewrite_is_told_from_a_stranger() -> None:
    assert support(ORIGINAL, ORIGINAL) == pytest.approx(1.0)
    assert support(ORIGINAL, REWRITE) > 0.25
    assert abs(support(ORIGINAL, STRANGER)) < 0.05


def test_words_that_are_everywhere_weigh_nothing_beside_rare_ones() -> None:
    stranger = "The people of the town were there when the time had come, and they said what they knew. " * 50
    common = "The people were there, and they said what they knew. "

    assert support(stranger, common) == pytest.approx(1.0)
    assert support(stranger, common + "Brick lantern, merchant vessel.") < 0.4


@given(st.text(max_size=200), st.text(max_size=200))
def test_support_is_finite_and_at_most_one(original: str, rewrite: str) -> None:
    assert -1e9 < support(original, rewrite) <= 1.0 + 1e-12


@given(st.text(max_size=200))
def test_a_text_supports_itself(text: str) -> None:
    assert support(text, text) == pytest.approx(1.0)


def test_names_in_code_are_taken_apart() -> None:
    assert support("def merge_sorted_lists(): pass", "mergeSortedLists") == pytest.approx(1.0)
