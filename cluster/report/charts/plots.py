"""The charts of the report, from its numbers to positions in a plot of SIDE x SIDE units.

Labels are written as HTML beside the plot, so that text keeps its size on a phone and colours follow the theme.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cluster.report import figures
from cluster.report.charts.axes import SIDE, Scale, Tick
from cluster.report.charts.lines import Axis, LineChart, Point, Series, line_chart
from cluster.report.schema import Arm, Curve, Histogram, Plan

DRAWN_FROM = 0.1  # of an arm's FLOPs; what comes before is the fall from noise, which would flatten the rest
POINTS = 160  # per line; more cannot be told apart and make the page heavy


@dataclass(frozen=True)
class Strip:
    """One arm on the axis of bits per byte: a dot a seed, the mean, and the range low..high of its seeds."""

    arm: int
    name: str
    dots: tuple[Point, ...]
    mean: float
    low: float
    high: float
    label: str


@dataclass(frozen=True)
class StripChart:
    """The seeds of all arms on one axis; fewer bits are further left."""

    x_ticks: tuple[Tick, ...]
    strips: tuple[Strip, ...]


@dataclass(frozen=True)
class Bar:
    """One bin of a histogram: the height of all of it and of the part that was kept."""

    x: float
    width: float
    height: float
    kept_height: float
    title: str


@dataclass(frozen=True)
class BarChart:
    """A histogram of a score over `documents`, of which `kept` were selected."""

    name: str
    x_ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    documents: int
    kept: int


def seed_strips(arms: Sequence[Arm]) -> StripChart:
    """Every seed of every arm as a dot."""
    values = [seed.value for arm in arms for seed in arm.bits_per_byte.seeds]
    margin = 0.08 * (max(values) - min(values)) or 0.05
    scale = Scale(min(values) - margin, max(values) + margin)
    return StripChart(scale.ticks(5), tuple(_strip(place, arm, scale) for place, arm in enumerate(arms)))


def _strip(place: int, arm: Arm, scale: Scale) -> Strip:
    seeds = arm.bits_per_byte.seeds
    dots = tuple(Point(scale.at(s.value), 0, f"{arm.name}, seed {s.seed}: {figures.bits(s.value)}") for s in seeds)
    across = [dot.x for dot in dots]
    mean = arm.bits_per_byte.mean
    return Strip(place, arm.name, dots, scale.at(mean), min(across), max(across), figures.bits(mean))


def held_out_chart(arms: Sequence[Arm]) -> LineChart | None:
    """Held-out bits per byte over training FLOPs (logarithmic), mean and range over seeds; None without curves.

    The level is where the first arm ends: an arm crosses it at the FLOPs that its compute multiplier speaks of.
    """
    found = [_over_seeds(place, arm) for place, arm in enumerate(arms)]
    series = [each for each in found if each is not None]
    level = series[0].y[-1] if series and series[0].arm == 0 else None
    flops, bits = Axis("training FLOPs", figures.flops, log=True), Axis("bits per byte", figures.bits)
    return line_chart(series, flops, bits, level) if series else None


def _over_seeds(place: int, arm: Arm) -> Series | None:
    """The mean and range of an arm's seeds, at the FLOPs of its first one that they all reach."""
    seen = [curve for curve in arm.curves if curve.held_out_flops]
    last = min((curve.held_out_flops[-1] for curve in seen), default=0.0)
    grid = [flops for flops in seen[0].held_out_flops if DRAWN_FROM * last <= flops <= last] if seen else []
    if not grid:
        return None
    table = np.array([np.interp(grid, curve.held_out_flops, curve.held_out_bits_per_byte) for curve in seen])
    return Series(place, arm.name, grid, table.mean(0).tolist(), table.min(0).tolist(), table.max(0).tolist())


def training_loss_chart(arms: Sequence[Arm]) -> LineChart | None:
    """Training loss over tokens of each arm's first seed, without the fall from noise; None without curves."""
    series = [_loss(place, arm.name, arm.curves[0]) for place, arm in enumerate(arms) if arm.curves]
    drawn = [each for each in series if len(each.x) > 1]
    return (
        line_chart(drawn, Axis("tokens seen", figures.tokens), Axis("nats per token", figures.bits)) if drawn else None
    )


def _loss(place: int, name: str, curve: Curve) -> Series:
    start = max(curve.tokens, default=0.0) * DRAWN_FROM
    kept = [(tokens, loss) for tokens, loss in zip(curve.tokens, curve.training_loss, strict=True) if tokens >= start]
    parts = np.array_split(np.array(kept, dtype=float).reshape(-1, 2), max(min(len(kept), POINTS), 1))
    means = [part.mean(0).tolist() for part in parts if len(part)]
    losses = [loss for _, loss in means]
    return Series(place, name, [tokens for tokens, _ in means], losses, losses, losses)


def plan_chart(arms: Sequence[Arm], read: Callable[[Plan], Sequence[float]], axis: Axis) -> LineChart | None:
    """One column of the curriculum plans over the position in training; None where no arm has a plan."""
    series = []
    for place, arm in enumerate(arms):
        if arm.plan and len(arm.plan.position) > 1:
            stride = math.ceil(len(arm.plan.position) / POINTS)
            x, y = arm.plan.position[::stride], list(read(arm.plan)[::stride])
            series.append(Series(place, arm.name, x, y, y, y))
    along = Axis("position in training", figures.share, tick_text=figures.percent)
    return line_chart(series, along, axis) if series else None


def histogram_chart(histogram: Histogram) -> BarChart:
    """The bins of a score, with the kept part of each."""
    scale = Scale(histogram.edges[0], histogram.edges[-1])
    highest = max(histogram.counts) or 1
    bars = []
    for (left, right), documents, kept in zip(pairwise(histogram.edges), histogram.counts, histogram.kept, strict=True):
        start, stop = scale.at(left), scale.at(right)
        height, kept_height = (round(number / highest * SIDE, 1) for number in (documents, kept))
        span = f"{figures.number(left)} to {figures.number(right)}"
        title = f"{span}: {figures.count(documents)} documents, {figures.count(kept)} kept"
        bars.append(Bar(start, round(stop - start, 1), height, kept_height, title))
    return BarChart(histogram.name, scale.ticks(4), tuple(bars), sum(histogram.counts), sum(histogram.kept))
