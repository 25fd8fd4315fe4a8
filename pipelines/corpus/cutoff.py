"""Where to cut a ranking that is too large for one machine: exact selection of the highest keys under a budget.

Rows are ranked by a 128-bit rank, the float key first and a hash of the row's id to tell equals apart. While more rows
are in question than fit comfortably on the driver, one pass counts them by the next 16 bits of the rank (a radix
select); the last pass fetches the few that share the prefix in which the budget runs out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.mistakes import Mistake

if TYPE_CHECKING:
    import ray.data

DIGIT_BITS = 16
DIGITS = 8
FETCH_ROWS = 2_000_000  # 24 bytes each: 48 MB on the driver at most

Uint64Array = npt.NDArray[np.uint64]
RankFn = Callable[[pa.Table], tuple[Uint64Array, Uint64Array, npt.NDArray[np.float64]]]


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


def find_cutoff(
    rows: "ray.data.Dataset",
    rank: RankFn,
    budget: Callable[[float], float],
    candidates: int,
    fetch_rows: int = FETCH_ROWS,
) -> Cutoff:
    """The cutoff that keeps the highest ranks whose mass together does not exceed `budget(total mass)`.

    `rank` gives (key bits, tie bits, mass) of the rows of a batch; `candidates` is the number of rows in `rows`.
    The row in which the budget runs out is not kept.
    """
    prefix, digits, room, total_mass, kept = 0, 0, 0.0, 0.0, 0.0
    while candidates > fetch_rows and digits < DIGITS:
        masses, counts = _histogram(rows, rank, prefix, digits)
        if digits == 0:
            total_mass = float(masses.sum())
            room = budget(total_mass)
        from_top = np.cumsum(masses[::-1])
        position = int(np.searchsorted(from_top, room, side="right"))
        if position == len(masses):
            return Cutoff(*_split(prefix, digits), total_mass, kept + float(from_top[-1]))
        above = float(from_top[position - 1]) if position else 0.0
        kept, room = kept + above, room - above
        digit = len(masses) - 1 - position
        prefix, digits, candidates = (prefix << DIGIT_BITS) | digit, digits + 1, int(counts[digit])
    key, tie, mass = _fetch(rows, rank, prefix, digits)
    if digits == 0:
        total_mass = float(mass.sum())
        room = budget(total_mass)
    return _cut(key, tie, mass, room, total_mass, kept)


def _cut(
    key: Uint64Array,
    tie: Uint64Array,
    mass: npt.NDArray[np.float64],
    room: float,
    total_mass: float,
    kept: float,
) -> Cutoff:
    order = np.lexsort((tie, key))[::-1]
    key, tie, from_top = key[order], tie[order], np.cumsum(mass[order])
    position = int(np.searchsorted(from_top, room, side="right"))
    # Rows of one document share a rank and stay together: the cut falls where the rank changes.
    while 0 < position < len(key) and key[position] == key[position - 1] and tie[position] == tie[position - 1]:
        position -= 1
    if position == 0:
        above = (int(key[0]) << 64 | int(tie[0])) + 1 if len(key) else 0
        return Cutoff(above >> 64, above & (2**64 - 1), total_mass, kept)
    return Cutoff(int(key[position - 1]), int(tie[position - 1]), total_mass, kept + float(from_top[position - 1]))


def _split(prefix: int, digits: int) -> tuple[int, int]:
    rank = prefix << (DIGIT_BITS * (DIGITS - digits))
    return rank >> 64, rank & (2**64 - 1)


def _digit(key: Uint64Array, tie: Uint64Array, number: int) -> Uint64Array:
    word = key if number < DIGITS // 2 else tie
    shift = np.uint64(64 - DIGIT_BITS * (number % (DIGITS // 2) + 1))
    digit: Uint64Array = (word >> shift) & np.uint64(2**DIGIT_BITS - 1)
    return digit


def _matches(key: Uint64Array, tie: Uint64Array, prefix: int, digits: int) -> npt.NDArray[np.bool_]:
    match = np.ones(len(key), dtype=bool)
    for number in range(digits):
        wanted = (prefix >> (DIGIT_BITS * (digits - 1 - number))) & (2**DIGIT_BITS - 1)
        match &= _digit(key, tie, number) == np.uint64(wanted)
    return match


def _histogram(
    rows: "ray.data.Dataset", rank: RankFn, prefix: int, digits: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    def partial(batch: pa.Table) -> pa.Table:
        key, tie, mass = rank(batch)
        match = _matches(key, tie, prefix, digits)
        digit = _digit(key[match], tie[match], digits)
        bins, inverse = np.unique(digit, return_inverse=True)
        return pa.table(
            {
                "bin": bins.astype(np.int64),
                "mass": np.bincount(inverse, weights=mass[match], minlength=len(bins)).astype(np.float64),
                "count": np.bincount(inverse, minlength=len(bins)).astype(np.int64),
            }
        )

    masses = np.zeros(2**DIGIT_BITS)
    counts = np.zeros(2**DIGIT_BITS, dtype=np.int64)
    parts = rows.map_batches(partial, batch_size=None, batch_format="pyarrow")
    for part in parts.iter_batches(batch_size=None, batch_format="numpy"):
        np.add.at(masses, part["bin"], part["mass"])
        np.add.at(counts, part["bin"], part["count"])
    return masses, counts


def _fetch(
    rows: "ray.data.Dataset", rank: RankFn, prefix: int, digits: int
) -> tuple[Uint64Array, Uint64Array, npt.NDArray[np.float64]]:
    def matching(batch: pa.Table) -> pa.Table:
        key, tie, mass = rank(batch)
        match = _matches(key, tie, prefix, digits)
        return pa.table({"key": key[match], "tie": tie[match], "mass": mass[match]})

    parts = list(
        rows.map_batches(matching, batch_size=None, batch_format="pyarrow").iter_batches(
            batch_size=None, batch_format="numpy"
        )
    )
    if not parts:
        return np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0)
    key, tie, mass = (np.concatenate([part[name] for part in parts]) for name in ("key", "tie", "mass"))
    return key, tie, mass
