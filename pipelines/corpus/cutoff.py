"""Where to cut a ranking that is too large for one machine: exact selection of the highest keys under a budget.

Rows are ranked by a 128-bit rank, the float key first and a hash of the row's id to tell equals apart, each in its
group, and each group has a budget of its own. While more rows are in question than fit comfortably on the driver, one
pass counts those of all groups by the next 16 bits of the rank (a radix select); the last pass fetches the few that
share the prefix in which the budget of their group runs out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray
from pipelines.corpus.sums import BIN, sums_by_bin

if TYPE_CHECKING:
    import ray.data

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

    def where(self, mask: npt.NDArray[np.bool_]) -> "Ranks":
        """The rows for which the mask is true."""
        return Ranks(self.group[mask], self.key[mask], self.tie[mask], self.mass[mask])

    def of(self, group: int) -> "Ranks":
        """The rows of one group."""
        return self.where(self.group == group)


RankFn = Callable[[pa.Table], Ranks]


@dataclass(frozen=True)
class Cutoff:
    """The lowest rank that is kept; `kept_mass` of `total_mass` lies at or above it."""

    key: int
    tie: int
    total_mass: float
    kept_mass: float

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


def find_cutoffs(
    rows: "ray.data.Dataset",
    rank: RankFn,
    budgets: Sequence[Callable[[float], float]],
    candidates: int,
    fetch_rows: int = FETCH_ROWS,
) -> list[Cutoff]:
    """For each group the cutoff that keeps its highest ranks whose mass together is at most `budget(total mass)`.

    `rank` gives the ranks of those rows of a batch that are in one of the groups, which are numbered as `budgets`;
    `candidates` is the number of rows in `rows`. The row in which a budget runs out is not kept. A pass serves all
    groups, and takes 1 MB for each of them on the driver.
    """
    found: list[_Search | Cutoff] = [_Search(budget) for budget in budgets]
    digits = 0
    while candidates > fetch_rows and digits < DIGITS:
        masses, counts = _histograms(rows, rank, _Prefixes.of(found, digits))
        found = [
            each if isinstance(each, Cutoff) else each.narrowed(masses[group], counts[group], digits)
            for group, each in enumerate(found)
        ]
        candidates = sum(each.candidates for each in found if isinstance(each, _Search))
        digits += 1
    if not any(isinstance(each, _Search) for each in found):
        return [each for each in found if isinstance(each, Cutoff)]
    ranks = _fetch(rows, rank, _Prefixes.of(found, digits))
    return [each if isinstance(each, Cutoff) else each.cut(ranks.of(group), digits) for group, each in enumerate(found)]


@dataclass(frozen=True)
class _Search:
    """A group whose budget runs out among the `candidates` whose rank begins with the digits of `prefix`."""

    budget: Callable[[float], float]
    total_mass: float = 0.0
    kept_mass: float = 0.0
    prefix: int = 0
    candidates: int = 0

    def narrowed(self, masses: FloatArray, counts: FloatArray, digits: int) -> "_Search | Cutoff":
        """The search with one digit more, by (2**DIGIT_BITS,) sums of the candidates by it; a cutoff if all fit."""
        total = self.total_mass if digits else float(masses.sum())
        from_top = np.cumsum(masses[::-1])
        position = int(np.searchsorted(from_top, self.budget(total) - self.kept_mass, side="right"))
        if position == len(masses):
            return Cutoff(*_split(self.prefix, digits), total, self.kept_mass + float(from_top[-1]))
        above = float(from_top[position - 1]) if position else 0.0
        digit = len(masses) - 1 - position
        prefix = (self.prefix << DIGIT_BITS) | digit
        return _Search(self.budget, total, self.kept_mass + above, prefix, int(counts[digit]))

    def cut(self, candidates: Ranks, digits: int) -> Cutoff:
        """The cutoff among the candidates, which are all here."""
        total = self.total_mass if digits else float(candidates.mass.sum())
        order = np.lexsort((candidates.tie, candidates.key))[::-1]
        key, tie, from_top = candidates.key[order], candidates.tie[order], np.cumsum(candidates.mass[order])
        position = int(np.searchsorted(from_top, self.budget(total) - self.kept_mass, side="right"))
        # Rows of one document share a rank and stay together: the cut falls where the rank changes.
        while 0 < position < len(key) and key[position] == key[position - 1] and tie[position] == tie[position - 1]:
            position -= 1
        if position == 0:
            above = (int(key[0]) << 64 | int(tie[0])) + 1 if len(key) else 0
            return Cutoff(above >> 64, above & (2**64 - 1), total, self.kept_mass)
        kept = self.kept_mass + float(from_top[position - 1])
        return Cutoff(int(key[position - 1]), int(tie[position - 1]), total, kept)


class _Prefixes(NamedTuple):
    """Which rows are in question: (groups,) whether a group is searched, and its first digits as a rank, then zeros."""

    digits: int
    searched: npt.NDArray[np.bool_]
    key: Uint64Array
    tie: Uint64Array

    @classmethod
    def of(cls, found: "Sequence[_Search | Cutoff]", digits: int) -> "_Prefixes":
        """Those of the groups that have no cutoff yet."""
        ranks = [_split(each.prefix, digits) if isinstance(each, _Search) else (0, 0) for each in found]
        key, tie = np.array(ranks, np.uint64).reshape(-1, 2).T
        return cls(digits, np.array([isinstance(each, _Search) for each in found], bool), key, tie)

    def matching(self, ranks: Ranks) -> Ranks:
        """The ranks that are in question."""
        key_bits, tie_bits = (np.uint64(bits) for bits in _split((1 << DIGIT_BITS * self.digits) - 1, self.digits))
        same_key = ranks.key & key_bits == self.key[ranks.group]
        same_tie = ranks.tie & tie_bits == self.tie[ranks.group]
        return ranks.where(self.searched[ranks.group] & same_key & same_tie)


def _split(prefix: int, digits: int) -> tuple[int, int]:
    rank = prefix << (DIGIT_BITS * (DIGITS - digits))
    return rank >> 64, rank & (2**64 - 1)


def _digit(ranks: Ranks, number: int) -> npt.NDArray[np.int64]:
    word = ranks.key if number < DIGITS // 2 else ranks.tie
    shift = np.uint64(64 - DIGIT_BITS * (number % (DIGITS // 2) + 1))
    return ((word >> shift) & np.uint64(2**DIGIT_BITS - 1)).astype(np.int64)


def _histograms(rows: "ray.data.Dataset", rank: RankFn, prefixes: _Prefixes) -> tuple[FloatArray, FloatArray]:
    """(groups, 2**DIGIT_BITS) mass and number of the rows in question by the digit after the prefixes."""

    def partial(batch: pa.Table) -> pa.Table:
        ranks = prefixes.matching(rank(batch))
        digits = _digit(ranks, prefixes.digits)
        bins, inverse = np.unique((ranks.group << DIGIT_BITS) | digits, return_inverse=True)
        masses = np.bincount(inverse, weights=ranks.mass, minlength=len(bins)).astype(np.float64)
        return pa.table({BIN: bins, "mass": masses, "count": np.bincount(inverse, minlength=len(bins))})

    groups = len(prefixes.searched)
    parts = rows.map_batches(partial, batch_size=None, batch_format="pyarrow")
    masses, counts = sums_by_bin(parts, groups << DIGIT_BITS, ["mass", "count"])
    return masses.reshape(groups, -1), counts.reshape(groups, -1)


def _fetch(rows: "ray.data.Dataset", rank: RankFn, prefixes: _Prefixes) -> Ranks:
    def matching(batch: pa.Table) -> pa.Table:
        return pa.table(prefixes.matching(rank(batch))._asdict())

    parts = rows.map_batches(matching, batch_size=None, batch_format="pyarrow")
    fetched = list(parts.iter_batches(batch_size=None, batch_format="numpy"))
    nothing = Ranks(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0))._asdict()
    return Ranks(*(np.concatenate([nothing[name], *(part[name] for part in fetched)]) for name in Ranks._fields))
