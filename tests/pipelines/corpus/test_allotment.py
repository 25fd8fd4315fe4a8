import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.corpus.allotment import allotments


def test_without_a_limit_every_group_keeps_the_same_part() -> None:
    assert allotments({1: 40.0, 2: 10.0, 3: 0.0}, 10.0, None) == {1: 8.0, 2: 2.0, 3: 0.0}


def test_what_one_may_not_keep_is_handed_on_in_proportion() -> None:
    assert allotments({1: 70.0, 2: 20.0, 3: 10.0}, 10.0, 0.4) == {1: 4.0, 2: 4.0, 3: 2.0}


def test_the_limit_rises_only_as_far_as_the_budget_needs() -> None:
    assert allotments({1: 70.0, 2: 20.0, 3: 1.0}, 11.0, 0.1) == {1: 5.0, 2: 5.0, 3: 1.0}
    assert allotments({1: 70.0, 2: 20.0, 3: 1.0}, 91.0, 0.1) == {1: 70.0, 2: 20.0, 3: 1.0}


def test_no_group_and_no_mass_are_no_error() -> None:
    assert allotments({}, 0.0, 0.5) == {}
    assert allotments({1: 0.0, 2: 0.0}, 0.0, 0.5) == {1: 0.0, 2: 0.0}


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=8),
    st.floats(0, 1),
    st.one_of(st.none(), st.floats(0.01, 1)),
)
def test_the_budget_is_shared_out_whole(masses: list[int], part: float, max_share: float | None) -> None:
    budget = part * sum(masses)
    groups = {number: float(mass) for number, mass in enumerate(masses)}
    kept = allotments(groups, budget, max_share)
    assert sum(kept.values()) == pytest.approx(budget)
    assert all(0 <= kept[group] <= mass for group, mass in groups.items())
    backwards = dict(reversed(groups.items()))
    assert allotments(backwards, budget, max_share) == kept
    if max_share is not None and max(kept.values()) > max_share * budget * (1 + 1e-9):  # then no other has any more
        highest = max(kept.values())
        assert all(kept[group] == pytest.approx(min(mass, highest)) for group, mass in groups.items())
