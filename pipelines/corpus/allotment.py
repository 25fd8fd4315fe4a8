"""Allotment: how a budget is shared out among groups, and how what is left of it is handed on."""

from collections.abc import Mapping
from fractions import Fraction


def allotments(masses: Mapping[int, float], budget: float, max_share: float | None) -> dict[int, float]:
    """What each group may keep: together the budget, or all there is.

    In proportion to its mass, but at most `max_share` of the budget; what is cut off there is handed on to the other
    groups, in proportion again. Where all groups together cannot fill the budget so, the most that one may have rises
    as far as they need. Exact, in fractions, and the same for any order of the groups.
    """
    whole = min(Fraction(budget), sum(map(Fraction, masses.values()), Fraction()))
    ascending = sorted(Fraction(mass) for mass in masses.values())
    most = whole if max_share is None else Fraction(repr(max_share)) * whole
    level = _level(ascending, whole)
    if most <= level:
        return {group: float(min(Fraction(mass), level)) for group, mass in masses.items()}
    part = _part(ascending, whole, most)
    return {group: float(min(Fraction(mass) * part, most)) for group, mass in masses.items()}


def _level(ascending: list[Fraction], whole: Fraction) -> Fraction:
    """The lowest mass for which as much of every group, where it has it, is the whole; 0 where there are no groups."""
    left = whole
    for number, mass in enumerate(ascending):
        even = left / (len(ascending) - number)
        if even <= mass:
            return even
        left -= mass
    return ascending[-1] if ascending else Fraction()


def _part(ascending: list[Fraction], whole: Fraction, most: Fraction) -> Fraction:
    """The part of every group's mass that is the whole, where none gives more than `most`."""
    left, rest = whole, sum(ascending, Fraction())
    for mass in reversed(ascending):
        if not rest or left * mass <= most * rest:
            break
        left -= most
        rest -= mass
    return left / rest if rest else Fraction(1)
