"""Windows: of every group the stretch of its ranking that a selector keeps, found in the passes of one cutoff."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.contracts.selector import Selector
from pipelines.corpus.allotment import allotments
from pipelines.corpus.cutoff import FETCH_ROWS, Cutoff, RankFn, Ranks, Uint64Array, cut_all, find_cutoffs
from pipelines.corpus.ranks import share_of

if TYPE_CHECKING:
    import ray.data


@dataclass(frozen=True)
class Window:
    """The ranks of a group that are kept: those that `lowest` keeps, without those that `highest` keeps."""

    lowest: Cutoff
    highest: Cutoff | None = None

    @property
    def kept_mass(self) -> float:
        """The mass of the rows that are kept."""
        return self.lowest.kept_mass - (self.highest.kept_mass if self.highest is not None else 0.0)

    def keeps(self, key: Uint64Array, tie: Uint64Array) -> npt.NDArray[np.bool_]:
        """(n,) which rows of these ranks are kept."""
        kept = self.lowest.keeps(key, tie)
        return kept if self.highest is None else kept & ~self.highest.keeps(key, tie)

    @classmethod
    def between(cls, cutoffs: list[Cutoff], most: float) -> "Window":
        """The window of one or two cutoffs; where the rows at its edges make it heavier than `most`, the upper goes."""
        if len(cutoffs) == 1:
            return cls(cutoffs[0])
        window = cls(cutoffs[1], cutoffs[0])
        return window if window.kept_mass <= most else cls(cutoffs[1], cutoffs[0].lowered())


@dataclass(frozen=True)
class Sharing:
    """How the budget of a selector is shared out among groups, each of at most `max_share` of it.

    See `allotments`. What is then left, since rows are kept whole, is handed on row by row: each group may keep one
    more, first those that fell short of their allotment the most, and last those that it would bring over `max_share`.
    """

    selector: Selector
    max_share: float | None = None

    def find(
        self, rows: "ray.data.Dataset", rank: RankFn, candidates: int, fetch_rows: int = FETCH_ROWS
    ) -> dict[int, Window]:
        """The window of each group, of the whole corpus; see `find_cutoffs`."""
        return self._windows(find_cutoffs(rows, rank, self._cuts, candidates, fetch_rows))

    def of(self, ranks: Ranks) -> dict[int, Window]:
        """The window of each group, where the ranks of all rows are here."""
        return self._windows(cut_all(ranks.by_group(), self._cuts))

    def _budget(self, totals: Mapping[int, float]) -> float:
        return self.selector.budget(math.fsum(totals.values()))

    def _cuts(self, totals: Mapping[int, float]) -> dict[int, list[float]]:
        kept = allotments(totals, self._budget(totals), self.max_share)
        over = {group: self.selector.passed_over(totals[group], most) for group, most in kept.items()}
        return {group: [*([over[group]] if over[group] else []), over[group] + most] for group, most in kept.items()}

    def _windows(self, cutoffs: Mapping[int, list[Cutoff]]) -> dict[int, Window]:
        totals = {group: each[-1].total_mass for group, each in cutoffs.items()}
        budget = self._budget(totals)
        kept = allotments(totals, budget, self.max_share)
        windows = {group: Window.between(each, kept[group]) for group, each in cutoffs.items()}
        most = budget if self.max_share is None else share_of(budget, self.max_share)
        return _handed_on(windows, kept, budget, most)


def _handed_on(
    windows: Mapping[int, Window], allotted: Mapping[int, float], budget: float, most: float
) -> dict[int, Window]:
    following = {group: each.lowest.next for group, each in windows.items() if each.lowest.next is not None}

    def turn(group: int) -> tuple[bool, float, int, int]:
        each, kept = following[group], windows[group].kept_mass
        return kept + each.mass > most, kept - allotted[group], -each.key, -each.tie

    result, left = dict(windows), budget - math.fsum(each.kept_mass for each in windows.values())
    for group in sorted(following, key=turn):
        if following[group].mass <= left:
            left -= following[group].mass
            result[group] = replace(windows[group], lowest=windows[group].lowest.lowered())
    return result
