import numpy as np
import pytest

from pipelines.corpus.cutoff import Ranks, ordered_bits
from pipelines.corpus.windows import Sharing
from pipelines.selectors.middle_fraction import MiddleFraction
from pipelines.selectors.top_fraction import TopFraction


def ranks(group: list[int], value: list[float], mass: list[float] | None = None) -> Ranks:
    masses = np.ones(len(group)) if mass is None else np.array(mass, float)
    return Ranks(np.array(group), ordered_bits(np.array(value, float)), np.arange(len(group), dtype=np.uint64), masses)


def kept(sharing: Sharing, rows: Ranks) -> list[int]:
    windows = sharing.of(rows)
    keeps = [windows[int(group)].keeps(rows.key[[row]], rows.tie[[row]])[0] for row, group in enumerate(rows.group)]
    return np.flatnonzero(keeps).tolist()


def top(fraction: float, max_share: float | None = None) -> Sharing:
    return Sharing(TopFraction(by="score", fraction=fraction), max_share)


def test_rows_compete_in_their_group_alone() -> None:
    rows = ranks([5, 5, 5, 5, -9, -9, -9, -9], [9, 8, 7, 6, 1, 2, 3, 4])
    assert kept(top(0.5), rows) == [0, 1, 6, 7]


def test_what_is_left_of_whole_rows_goes_to_those_that_fell_short_the_most() -> None:
    groups = [0, 0, 0, 1, 1, 1, 2, 2]  # 1.5, 1.5 and 1 of the 4 rows of the budget
    values = [1.0, 2, 3, 4, 5, 6, 9, 8]
    assert kept(top(0.5), ranks(groups, values)) == [2, 4, 5, 6]  # of the two that fell short alike the higher row
    assert kept(top(0.26), ranks([0, 1, 2, 3], [3.0, 4, 1, 2])) == [1]


def test_no_group_gets_more_than_its_share_while_others_have_enough() -> None:
    groups, values = [0] * 14 + [1] * 4 + [2] * 2, list(range(20))
    windows = top(0.5, 0.4).of(ranks(groups, values))
    assert [windows[group].kept_mass for group in range(3)] == [4, 4, 2]
    assert [top(0.9, 0.1).of(ranks(groups, values))[group].kept_mass for group in range(3)] == [12, 4, 2]


def test_a_row_that_is_left_goes_last_to_a_group_at_its_share() -> None:
    groups = [0] * 100 + [number for number in range(1, 4) for _ in range(10)]  # 2.925 of 6.5, and three times 1.19
    windows = top(0.05, 0.45).of(ranks(groups, list(range(130))))
    assert [windows[group].kept_mass for group in range(4)] == [2, 1, 1, 2]


def test_the_middle_leaves_out_as_much_above_as_below() -> None:
    middle = Sharing(MiddleFraction(by="score", fraction=0.5))
    assert kept(middle, ranks([0] * 8, [5.0, 1, 7, 3, 0, 2, 6, 4])) == [0, 3, 5, 7]
    assert kept(middle, ranks([0] * 4 + [1] * 4, [0.0, 1, 2, 3, 40, 30, 20, 10])) == [1, 2, 5, 6]


@pytest.mark.parametrize("rows", range(1, 40))
def test_the_middle_is_never_more_than_its_budget_and_at_most_a_row_less(rows: int) -> None:
    for fraction in (0.1, 0.3, 0.5, 0.9, 1.0):
        chosen = kept(Sharing(MiddleFraction(by="score", fraction=fraction)), ranks([0] * rows, list(range(rows))))
        assert int(fraction * rows) - 1 <= len(chosen) <= fraction * rows + 1e-9
        assert chosen == list(range(chosen[0], chosen[-1] + 1)) if chosen else True


def test_rows_without_mass_at_the_top_are_no_loss_to_a_budget_of_all() -> None:
    everything = Sharing(MiddleFraction(by="score", fraction=1.0, of="bytes"))
    assert kept(everything, ranks([0, 0, 0], [3.0, 2, 1], [0, 5, 0])) == [0, 1, 2]
