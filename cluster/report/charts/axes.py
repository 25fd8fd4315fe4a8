"""Axes: where a value lies, which round values get a grid line, and labels that do not overlap."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

SIDE = 1000.0  # units of a plot, x to the right and y down as in SVG; the page stretches it to any width
LOG_RANGE = 5  # below this ratio 1, 2 and 5 may leave an axis with a single round value

Text = Callable[[float], str]


@dataclass(frozen=True)
class Tick:
    """A grid line at `at` (0..SIDE) and what it means."""

    at: float
    label: str


@dataclass(frozen=True)
class Scale:
    """Maps start..end onto 0..SIDE, by the logarithm where `log`; `start` may be the larger one."""

    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Where `value` lies, rounded so that the page's bytes do not hang on the last bits of a float."""
        start, end, place = (math.log(x) if self.log else x for x in (self.start, self.end, value))
        return round((place - start) / (end - start) * SIDE, 1) if end != start else SIDE / 2

    def ticks(self, most: int, text: Text | None = None) -> tuple[Tick, ...]:
        """About `most` round values; written by `text`, else with just the decimals that tell them apart."""
        low, high = sorted((self.start, self.end))
        by_powers = self.log and high >= LOG_RANGE * low
        values = log_steps(low, high) if by_powers else even_steps(low, high, most)
        gap = min((right - left for left, right in pairwise(values)), default=1.0)
        decimals = len(f"{gap:.6g}".partition(".")[2])
        return tuple(Tick(self.at(v), text(v) if text else f"{v:.{decimals}f}".replace("-", "−")) for v in values)


def even_steps(low: float, high: float, most: int) -> list[float]:
    """At most `most` + 1 round values inside low..high, evenly spaced by 1, 2, 2.5 or 5 times a power of ten."""
    from matplotlib.ticker import MaxNLocator

    if high <= low:
        return [low]
    values = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    edge = 1e-9 * (high - low)  # a value may miss the end by the last bits of a float
    return [float(value) for value in values if low - edge <= value <= high + edge]


def log_steps(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten inside low..high; only the powers themselves over more than two decades."""
    from matplotlib.ticker import LogLocator

    values = LogLocator(subs=(1, 2, 5) if high / low < 100 else (1,)).tick_values(low, high)
    return [float(value) for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]


def spread_apart(places: Sequence[float], gap: float) -> list[float]:
    """The places in the same order, moved so that they are `gap` apart and none lies beyond SIDE."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + gap)
    ceiling = SIDE
    for index in reversed(order):
        moved[index] = round(min(moved[index], ceiling), 1)
        ceiling = moved[index] - gap
    return moved
