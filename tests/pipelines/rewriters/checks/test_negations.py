from hypothesis import given
from hypothesis import strategies as st

from pipelines.rewriters.checks.negations import turned_negations


def test_counts_negations_only_where_one_side_has_none() -> None:
    assert turned_negations("He didn't, he never will, and he can’t.", "He did, he will, and he can.") == 3
    assert turned_negations("He did.", "He did not. No.") == 2
    assert turned_negations("He can not. Never. Nobody.", "He can not.") == 0
    assert turned_negations("A knot in the north.", "Nothing") == 1


@given(st.lists(st.sampled_from(["not", "never", "can't", "nobody", "he", "will"]), max_size=9).map(" ".join))
def test_a_text_turns_none_of_its_own(text: str) -> None:
    assert turned_negations(text, text) == 0
