"""Line charts: several arms over common axes, as SVG path data and labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.report.charts.axes import SIDE, Scale, Text, Tick, spread_apart

LABEL_GAP = 0.08 * SIDE  # between the labels at the ends of lines, less where they are many
MARGIN = 0.05  # of the range of y, above and below


@dataclass(frozen=True)
class Series:
    """One arm's line: (n,) increasing x, (n,) y, and the range low..high of y over the seeds."""

    arm: int
    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Axis:
    """What an axis measures, how its values and its ticks are written, and a value that it reaches down to.

    An axis of `names` measures nothing: they stand at 0, 1, 2 and so on. Only a scatter chart has such an axis.
    """

    label: str
    text: Text
    log: bool = False
    tick_text: Text | None = None
    least: float = math.inf
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Point:
    """A place that answers to the mouse with `title`."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Line:
    """A drawn series; `band` is the range of its seeds, empty where there is none."""

    arm: int
    name: str
    path: str
    band: str
    points: tuple[Point, ...]
    end_label: str
    end_at: float


@dataclass(frozen=True)
class LineChart:
    """Lines over a common grid; `level` is the height of a line to compare with, where there is one."""

    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    level: float | None


def line_chart(series: Sequence[Series], x_axis: Axis, y_axis: Axis, level: float | None = None) -> LineChart:
    """All series on axes that hold all of them; ValueError where there is none."""
    across = [x for each in series for x in each.x]
    low = min(y_axis.least, *(y for each in series for y in each.low))
    high = max(y for each in series for y in each.high)
    margin = MARGIN * (high - low) or MARGIN * abs(high) or MARGIN
    x_scale, y_scale = Scale(min(across), max(across), x_axis.log), Scale(high + margin, low - margin)
    ends = spread_apart([y_scale.at(each.y[-1]) for each in series], min(LABEL_GAP, SIDE / len(series)))
    return LineChart(
        x_label=x_axis.label,
        y_label=y_axis.label,
        x_ticks=x_scale.ticks(4, x_axis.tick_text or x_axis.text),
        y_ticks=y_scale.ticks(6, y_axis.tick_text),
        lines=tuple(_line(each, x_scale, y_scale, x_axis, y_axis, end) for each, end in zip(series, ends, strict=True)),
        level=None if level is None else y_scale.at(level),
    )


def _line(series: Series, x_scale: Scale, y_scale: Scale, x_axis: Axis, y_axis: Axis, end_at: float) -> Line:
    across = [x_scale.at(x) for x in series.x]
    points = tuple(
        Point(place, y_scale.at(y), f"{series.name}: {y_axis.text(y)} at {x_axis.text(x)}")
        for place, x, y in zip(across, series.x, series.y, strict=True)
    )
    upper, lower = (
        [(x, y_scale.at(y)) for x, y in zip(across, edge, strict=True)] for edge in (series.high, series.low)
    )
    return Line(
        arm=series.arm,
        name=series.name,
        path=path([(point.x, point.y) for point in points]),
        band=path(upper + lower[::-1]) + "Z" if upper != lower else "",
        points=points,
        end_label=y_axis.text(series.y[-1]),
        end_at=end_at,
    )


def path(places: Sequence[tuple[float, float]]) -> str:
    """Path data through these places; a single place is a line of no length, which round caps draw as a dot."""
    drawn = [*places, *places] if len(places) == 1 else places
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in drawn)
