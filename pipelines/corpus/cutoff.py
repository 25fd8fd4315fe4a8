"""Where to cut a ranking that is too large for one machine: exact selection of the highest keys under a budget.

Rows are ranked by a 128-bit rank, the float key first and a hash of the row's id to tell equals apart, each in its
group, and each group is cut at masses of its own, which may depend on those of all groups. While more rows are in
question than fit comfortably on the driver, one pass counts those of all groups by the next 16 bits of the rank (a
radix select); the last pass fetches the few that share the prefix in which a group is cut.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray
from pipelines.corpus.sums import BIN, sums_by

if TYPE_CHECKING:
    import ray.data

GROUP = "group"
DIGIT_BITS = 16
DIGITS = 8
FETCH_ROWS = 2_000_000  # 32 bytes each: 64 MB on the driver at most

Uint64Array = npt.NDArray[np.uint64]


class Ranks(NamedTuple):
    """Of n rows (n,) the number of the group, the bits of the key, those that tell equals apart, and the mass."""

    group: npt.NDArray[np.int64]
    key: Uint64Array
    tie: Uint64Array
    mass: FloatArray

    def where(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "Ranks":
        """The rows for which a mask is true, or those of these numbers."""
        return Ranks(self.group[rows], self.key[rows], self.tie[rows], self.mass[rows])

    def by_group(self) -> dict[int, "Ranks"]:
        """The rows of each group, in the order of the groups."""
        order = np.argsort(self.group, kind="stable")
        return {group: self.where(order[part]) for group, part in _runs(self.group[order]).items()}


RankFn = Callable[[pa.Table], Ranks]
CutsFn = Callable[[Mapping[int, float]], Mapping[int, Sequence[float]]]  # the mass of each group -> where it is cut


class Next(NamedTuple):
    """The highest rank that is not kept, and the mass of the rows that have it."""

    key: int
    tie: int
    mass: float


@dataclass(frozen=True)
class Cutoff:
    """The lowest rank that is kept; `kept_mass` of `total_mass` lies at or above it.

    `next` is the rank after it; None where all is kept.
    """

    key: int
    tie: int
    total_mass: float
    kept_mass: float
    next: Next | None = None

    def lowered(self) -> "Cutoff":
        """The cutoff that keeps the next rank too, which has to be there; what comes after that is not known."""
        assert self.next is not None
        return Cutoff(self.next.key, self.next.tie, self.total_mass, self.kept_mass + self.next.mass)

    def keeps(self, key: Uint64Array, tie: Uint64Array) -> npt.NDArray[np.bool_]:
        """(n,) which rows of these ranks are kept."""
        above: npt.NDArray[np.bool_] = (key > np.uint64(self.key)) | (
            (key == np.uint64(self.key)) & (tie >= np.uint64(self.tie))
        )
        return above


def ordered_bits(values: npt.NDArray[np.float64]) -> Uint64Array:
    """(n,) unsigned integers in the order of the finite floats; Mistake on a value that is not finite."""
    if not np.isfinite(values).all():
        raise Mistake("a selection key is not finite; every score has to be a finite number")
    bits = (values + 0.0).view(np.uint64)  # + 0.0 makes -0.0 equal to 0.0
    negative = bits >> np.uint64(63) == 1
    flipped: Uint64Array = np.where(negative, ~bits, bits | np.uint64(1 << 63))
    return flipped


NOTHING = Cutoff(0, 0, 0.0, 0.0)  # that of a group of which there is no row


def find_cutoffs(
    rows: "ray.data.Dataset", rank: RankFn, cuts: CutsFn, candidates: int, fetch_rows: int = FETCH_ROWS
) -> dict[int, list[Cutoff]]:
    """For each group, and each mass at which `cuts` says that it is cut, the cutoff that keeps at most this mass.

    The highest ranks are kept; the row that exceeds the mass is not, nor are those that share its rank. `rank` gives
    the ranks of those rows of a batch that count; groups are whole numbers, and need not be known before. `candidates`
    is the number of rows in `rows`. A pass serves all groups, and takes some 2 MB on the driver for each cutoff.
    """
    found: _Found = {}
    digits = 0
    while candidates > fetch_rows and digits < DIGITS:
        sums = _histograms(rows, rank, _Prefixes.of(found, digits))
        if digits == 0:
            found = _begun(cuts, {group: float(each.mass.sum()) for group, each in sums.items()})
        found |= {at: each.narrowed(sums[number], digits) for number, at, each in _searched(found, digits)}
        candidates = sum(each.candidates for each in found.values() if isinstance(each, _Search))
        digits += 1
    if digits and not candidates:
        return _cutoffs(found)
    ranks = _fetch(rows, rank, _Prefixes.of(found, digits)).by_group()
    if digits == 0:
        return cut_all(ranks, cuts)
    return _cutoffs(found | {at: each.cut(ranks[number]) for number, at, each in _searched(found, digits)})


def cut_all(ranks: Mapping[int, Ranks], cuts: CutsFn) -> dict[int, list[Cutoff]]:
    """What `find_cutoffs` finds, where the ranks of all rows are here, by their group."""
    found = _begun(cuts, {group: math.fsum(each.mass) for group, each in ranks.items()})
    return _cutoffs({at: each.cut(ranks[number]) for number, at, each in _searched(found, 0)})


class _Sums(NamedTuple):
    """Of the candidates of a search (n,) the next digits that there are, ascending, the mass and the rows of each."""

    digit: npt.NDArray[np.int64]
    mass: FloatArray
    rows: FloatArray


@dataclass(frozen=True)
class _Search:
    """A group that is cut at the mass `most`, among the `candidates` whose rank begins with the digits of `prefix`."""

    most: float
    total_mass: float
    kept_mass: float = 0.0
    prefix: int = 0
    candidates: int = 0

    def narrowed(self, sums: _Sums, digits: int) -> "_Search | Cutoff":
        """The search with one digit more, by the sums of the candidates; a cutoff if all fit."""
        from_top = np.cumsum(sums.mass[::-1])
        position = int(np.searchsorted(from_top, self.most - self.kept_mass, side="right"))
        if position == len(from_top):
            return Cutoff(*_split(self.prefix, digits), self.total_mass, self.kept_mass + float(from_top[-1]))
        kept = self.kept_mass + (float(from_top[position - 1]) if position else 0.0)
        place = len(from_top) - 1 - position
        prefix = (self.prefix << DIGIT_BITS) | int(sums.digit[place])
        return _Search(self.most, self.total_mass, kept, prefix, int(sums.rows[place]))

    def cut(self, candidates: Ranks) -> Cutoff:
        """The cutoff among the candidates, which are all here."""
        order = np.lexsort((candidates.tie, candidates.key))[::-1]
        key, tie, from_top = candidates.key[order], candidates.tie[order], np.cumsum(candidates.mass[order])
        position = int(np.searchsorted(from_top, self.most - self.kept_mass, side="right"))
        # Rows of one document share a rank and stay together: the cut falls where the rank changes.
        while 0 < position < len(key) and key[position] == key[position - 1] and tie[position] == tie[position - 1]:
            position -= 1
        above = float(from_top[position - 1]) if position else 0.0
        following = None
        if position < len(key):
            same = (key[position:] == key[position]) & (tie[position:] == tie[position])
            mass = float(from_top[position + np.count_nonzero(same) - 1]) - above
            following = Next(int(key[position]), int(tie[position]), mass)
        if position:
            lowest = int(key[position - 1]), int(tie[position - 1])
        else:
            lowest = divmod((int(key[0]) << 64 | int(tie[0])) + 1, 1 << 64) if len(key) else (0, 0)
        return Cutoff(*lowest, self.total_mass, self.kept_mass + above, following)


_Found = dict[tuple[int, int], "_Search | Cutoff"]  # of each group and the number of its cut


def _begun(cuts: CutsFn, totals: Mapping[int, float]) -> _Found:
    return {
        (group, number): _Search(most, totals[group])
        for group, masses in cuts(totals).items()
        for number, most in enumerate(masses)
    }


def _searched(found: _Found, digits: int) -> list[tuple[int, tuple[int, int], _Search]]:
    """What is searched, with the number by which its candidates go: first that of the group, then one of its own."""
    left = [(at, each) for at, each in sorted(found.items(), key=lambda item: item[0]) if isinstance(each, _Search)]
    return [(number if digits else at[0], at, each) for number, (at, each) in enumerate(left)]


def _cutoffs(found: _Found) -> dict[int, list[Cutoff]]:
    cutoffs: dict[int, list[Cutoff]] = {}
    for (group, _), each in sorted(found.items(), key=lambda item: item[0]):
        assert isinstance(each, Cutoff)
        cutoffs.setdefault(group, []).append(each)
    return cutoffs


class _Prefixes(NamedTuple):
    """Which rows are in question: (searches,) the group of each, sorted, and its first digits as a rank, then zeros.

    Before there are digits all rows are.
    """

    digits: int
    group: npt.NDArray[np.int64]
    key: Uint64Array
    tie: Uint64Array

    @classmethod
    def of(cls, found: _Found, digits: int) -> "_Prefixes":
        """Those of what has no cutoff yet."""
        searched = _searched(found, digits)
        ranks = [_split(each.prefix, digits) for _, _, each in searched]
        key, tie = np.array(ranks, np.uint64).reshape(-1, 2).T
        return cls(digits, np.array([group for _, (group, _), _ in searched], np.int64), key, tie)

    def matching(self, ranks: Ranks) -> Ranks:
        """The ranks that are in question, with the number of their search in the place of the group."""
        if self.digits == 0:
            return ranks
        key_bits, tie_bits = (np.uint64(bits) for bits in _split((1 << DIGIT_BITS * self.digits) - 1, self.digits))
        first, end = (np.searchsorted(self.group, ranks.group, side) for side in ("left", "right"))
        parts = []
        for cut in range(max(1, int((end - first).max(initial=0)))):
            number = np.minimum(first + cut, len(self.group) - 1)
            same_key = ranks.key & key_bits == self.key[number]
            same_tie = ranks.tie & tie_bits == self.tie[number]
            hit = (first + cut < end) & same_key & same_tie
            parts.append(ranks._replace(group=number).where(hit))
        return Ranks(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _split(prefix: int, digits: int) -> tuple[int, int]:
    rank = prefix << (DIGIT_BITS * (DIGITS - digits))
    return rank >> 64, rank & (2**64 - 1)


def _digit(ranks: Ranks, number: int) -> npt.NDArray[np.int64]:
    word = ranks.key if number < DIGITS // 2 else ranks.tie
    shift = np.uint64(64 - DIGIT_BITS * (number % (DIGITS // 2) + 1))
    return ((word >> shift) & np.uint64(2**DIGIT_BITS - 1)).astype(np.int64)


def _histograms(rows: "ray.data.Dataset", rank: RankFn, prefixes: _Prefixes) -> dict[int, _Sums]:
    """Mass and number of the rows in question by the digit after the prefixes, of each search, or each group."""

    def partial(batch: pa.Table) -> pa.Table:
        ranks = prefixes.matching(rank(batch))
        digit = _digit(ranks, prefixes.digits)
        order = np.lexsort((digit, ranks.group))
        group, digit, mass = ranks.group[order], digit[order], ranks.mass[order]
        is_first = np.ones(len(group), bool)
        is_first[1:] = (group[1:] != group[:-1]) | (digit[1:] != digit[:-1])
        starts = np.flatnonzero(is_first)
        sums = np.add.reduceat(mass, starts) if len(starts) else mass
        counts = np.diff(starts, append=len(group)).astype(np.float64)
        return pa.table({GROUP: group[starts], BIN: digit[starts], "mass": sums, "count": counts})

    parts = rows.map_batches(partial, batch_size=None, batch_format="pyarrow")
    added = sums_by(parts, [GROUP, BIN], ["mass", "count"])
    order = np.lexsort((added[BIN], added[GROUP]))
    digit, mass, count = (added[name][order] for name in (BIN, "mass", "count"))
    return {number: _Sums(digit[part], mass[part], count[part]) for number, part in _runs(added[GROUP][order]).items()}


def _runs(ordered: npt.NDArray[np.int64]) -> dict[int, slice]:
    """Where each of the numbers stands, which are in order."""
    numbers, firsts = np.unique(ordered, return_index=True)
    ends = [*firsts[1:], len(ordered)] if len(firsts) else []
    return {int(number): slice(first, end) for number, first, end in zip(numbers, firsts, ends, strict=True)}


def _fetch(rows: "ray.data.Dataset", rank: RankFn, prefixes: _Prefixes) -> Ranks:
    def matching(batch: pa.Table) -> pa.Table:
        return pa.table(prefixes.matching(rank(batch))._asdict())

    parts = rows.map_batches(matching, batch_size=None, batch_format="pyarrow")
    fetched = list(parts.iter_batches(batch_size=None, batch_format="numpy"))
    nothing = Ranks(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0))._asdict()
    return Ranks(*(np.concatenate([nothing[name], *(part[name] for part in fetched)]) for name in Ranks._fields))
