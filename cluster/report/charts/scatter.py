"""Scatter charts: arms as dots in a plane, with names beside them that do not lie on one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from cluster.report.charts.axes import SIDE, Scale, Tick
from cluster.report.charts.lines import Axis, Point, path

LETTER = 0.0085 * SIDE  # width of a letter in a plot as wide as the page
LABEL = 0.045 * SIDE  # height of a label there
ASIDE, OVER = 0.012 * SIDE, 0.025 * SIDE  # from a dot to the nearest edge of its label
EDGE = 0.12  # of the range of an axis, on both sides: room for a label below the lowest dot

Side = Literal["right", "left", "above", "below", "above right", "below right", "above left", "below left"]
SIDES: tuple[Side, ...] = get_args(Side)
Box = tuple[float, float, float, float]  # left, right, top, bottom


@dataclass(frozen=True)
class Mark:
    """An arm at (x, y); `low` to `high` is the range of y."""

    arm: int
    name: str
    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Dot:
    """A drawn mark; `whisker` is the path of its range, empty where there is none, `side` is where its name stands."""

    arm: int
    name: str
    point: Point
    whisker: str
    side: Side


@dataclass(frozen=True)
class Join:
    """A path through several dots, of `arm` where all of them are of one."""

    path: str
    arm: int | None


@dataclass(frozen=True)
class ScatterChart:
    """Dots over a common grid, and the paths that join some of them."""

    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    dots: tuple[Dot, ...]
    joins: tuple[Join, ...]
    level: float | None = None

    @property
    def arms(self) -> list[tuple[int, str]]:
        """Place and name of each arm, once."""
        return list(dict.fromkeys((dot.arm, dot.name) for dot in self.dots))


def scatter_chart(marks: Sequence[Mark], x_axis: Axis, y_axis: Axis, joined: Sequence[Sequence[int]]) -> ScatterChart:
    """All marks on axes that hold all of them, with a path through each group of marks that `joined` numbers."""
    x_scale = _scale([mark.x for mark in marks], x_axis)
    down = _scale([y for mark in marks for y in (mark.low, mark.high)], y_axis)
    y_scale = Scale(down.end, down.start, down.log)
    places = [(x_scale.at(mark.x), y_scale.at(mark.y)) for mark in marks]
    sides = label_sides([mark.name for mark in marks], places)
    return ScatterChart(
        x_label=x_axis.label,
        y_label=y_axis.label,
        x_ticks=_named(x_scale, x_axis) or x_scale.ticks(4, x_axis.tick_text or x_axis.text),
        y_ticks=y_scale.ticks(6, y_axis.tick_text),
        dots=tuple(
            Dot(mark.arm, mark.name, _point(mark, place, x_axis, y_axis), _whisker(mark, place[0], y_scale), side)
            for mark, place, side in zip(marks, places, sides, strict=True)
        ),
        joins=tuple(_join(group, marks, places) for group in joined),
    )


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """The numbers of the (x, y) that no other beats, having as much x and as little y; by rising x."""
    order = sorted(range(len(points)), key=lambda number: (-points[number][0], points[number][1]))
    front: list[int] = []
    for number in order:
        if not front or points[number][1] < points[front[-1]][1]:
            front.append(number)
    return front[::-1]


def label_sides(names: Sequence[str], places: Sequence[tuple[float, float]]) -> list[Side]:
    """For each name the first side of its dot where it lies in the plot, on no dot and no earlier name; else right."""
    taken = [(x - ASIDE / 2, x + ASIDE / 2, y - OVER / 2, y + OVER / 2) for x, y in places]
    sides: list[Side] = []
    for name, place in zip(names, places, strict=True):
        boxes = {side: _box(name, place, side) for side in SIDES}
        free = [side for side in SIDES if _inside(boxes[side]) and not any(_meet(boxes[side], box) for box in taken)]
        sides.append(free[0] if free else "right")
        taken.append(boxes[sides[-1]])
    return sides


def _scale(values: Sequence[float], axis: Axis) -> Scale:
    """From the least to the largest value, with a margin so that no dot lies on the edge."""
    if axis.names:
        return Scale(-0.5, len(axis.names) - 0.5)
    low, high = min(values), max(values)
    if axis.log:
        margin = max(high / low, 1.1) ** EDGE
        return Scale(low / margin, high * margin, log=True)
    edge = EDGE * (high - low) or EDGE * abs(high) or EDGE
    return Scale(low - edge, high + edge)


def _named(scale: Scale, axis: Axis) -> tuple[Tick, ...]:
    return tuple(Tick(scale.at(place), name) for place, name in enumerate(axis.names))


def _point(mark: Mark, place: tuple[float, float], x_axis: Axis, y_axis: Axis) -> Point:
    where = x_axis.names[round(mark.x)] if x_axis.names else x_axis.text(mark.x)
    return Point(*place, f"{mark.name}: {y_axis.text(mark.y)} at {where}")


def _join(group: Sequence[int], marks: Sequence[Mark], places: Sequence[tuple[float, float]]) -> Join:
    arms = {marks[number].arm for number in group}
    return Join(path([places[number] for number in group]), arms.pop() if len(arms) == 1 else None)


def _whisker(mark: Mark, x: float, y_scale: Scale) -> str:
    return path([(x, y_scale.at(mark.low)), (x, y_scale.at(mark.high))]) if mark.low < mark.high else ""


def _box(name: str, place: tuple[float, float], side: Side) -> Box:
    x, y = place
    width = LETTER * len(name)
    left = x + ASIDE if "right" in side else x - ASIDE - width if "left" in side else x - width / 2
    top = y - OVER - LABEL if "above" in side else y + OVER if "below" in side else y - LABEL / 2
    return left, left + width, top, top + LABEL


def _inside(box: Box) -> bool:
    return box[0] >= 0 and box[1] <= SIDE and box[2] >= 0 and box[3] <= SIDE


def _meet(one: Box, other: Box) -> bool:
    return all(one[low] < other[low + 1] and other[low] < one[low + 1] for low in (0, 2))
