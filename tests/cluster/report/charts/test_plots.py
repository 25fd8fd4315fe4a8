"""Charts: everything lies inside its plot, and in the order of its values."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.report.charts.axes import SIDE, Scale, even_steps, log_steps, spread_apart
from cluster.report.charts.lines import Axis, LineChart, Series, line_chart
from cluster.report.charts.plots import held_out_chart, histogram_chart, plan_chart, seed_strips, training_loss_chart
from cluster.report.schema import Report


def places(path: str) -> list[tuple[float, float]]:
    """The points of SVG path data."""
    pairs = [pair.split(",") for pair in re.findall(r"[-\d.]+,[-\d.]+", path)]
    return [(float(x), float(y)) for x, y in pairs]


def charts_of(report: Report) -> list[LineChart]:
    arms = report.arms
    plan = plan_chart(arms, lambda plan: plan.mean_bucket, Axis("bucket", str, least=0.0))
    found = [held_out_chart(arms), training_loss_chart(arms), plan]
    return [chart for chart in found if chart]


def test_every_point_is_inside_and_goes_right(example: Report) -> None:
    charts = charts_of(example)
    assert len(charts) == 3
    for chart in charts:
        for line in chart.lines:
            drawn = places(line.path)
            assert all(0 <= x <= SIDE and 0 <= y <= SIDE for x, y in drawn + places(line.band))
            assert all(before < after for (before, _), (after, _) in pairwise(drawn))
        assert all(0 <= tick.at <= SIDE for tick in chart.x_ticks + chart.y_ticks)


def test_falling_curves_go_down_and_end_in_the_order_of_their_values(example: Report) -> None:
    chart = held_out_chart(example.arms)
    assert chart
    for line in chart.lines:
        heights = [y for _, y in places(line.path)]
        assert heights == sorted(heights)
    ends = {line.name: places(line.path)[-1][1] for line in chart.lines}
    assert ends["random"] < ends["simplified"] < ends["gleaned"]
    assert chart.level == ends["random"]


def test_an_arm_of_far_fewer_flops_has_its_curve_too(example: Report) -> None:
    first, arm = example.arms[:2]
    curves = [
        curve.model_copy(update={"held_out_flops": [flops / 50 for flops in curve.held_out_flops]})
        for curve in arm.curves
    ]
    chart = held_out_chart([first, arm.model_copy(update={"curves": curves})])
    assert chart
    assert [line.arm for line in chart.lines] == [0, 1]


def test_arms_keep_their_colour_when_one_has_no_curve(example: Report) -> None:
    bare = example.arms[0].model_copy(update={"curves": [], "plan": None})
    chart = held_out_chart([bare, *example.arms[1:]])
    assert chart
    assert [line.arm for line in chart.lines] == [1, 2]
    assert chart.level is None
    assert held_out_chart([bare]) is None


def test_the_labels_of_many_arms_stay_beside_the_plot(example: Report) -> None:
    chart = held_out_chart([example.arms[0].model_copy(update={"name": f"arm{number}"}) for number in range(17)])
    assert chart
    ends = sorted(line.end_at for line in chart.lines)
    assert 0 <= ends[0] < ends[-1] <= SIDE
    assert min(right - left for left, right in pairwise(ends)) > 0.05 * SIDE


def test_the_band_spans_the_seeds(example: Report) -> None:
    chart = held_out_chart(example.arms[:1])
    assert chart
    line = chart.lines[0]
    band, middle = places(line.band), places(line.path)
    upper, lower = band[: len(middle)], band[len(middle) :][::-1]
    assert all(top[1] < mid[1] < low[1] for top, mid, low in zip(upper, middle, lower, strict=True))


def test_one_seed_has_no_band_and_one_point_is_a_dot(example: Report) -> None:
    single = example.arms[0].model_copy(update={"curves": example.arms[0].curves[:1]})
    chart = held_out_chart([single])
    assert chart
    assert not chart.lines[0].band
    lonely = line_chart([Series(0, "random", [1.0], [2.0], [2.0], [2.0])], Axis("x", str, log=True), Axis("y", str))
    assert len(places(lonely.lines[0].path)) == 2


def test_strips_put_fewer_bits_further_left(example: Report) -> None:
    chart = seed_strips(example.arms)
    means = {strip.name: strip.mean for strip in chart.strips}
    assert means["gleaned"] < means["simplified"] < means["random"]
    for strip in chart.strips:
        assert 0 <= strip.low <= strip.mean <= strip.high <= SIDE
        assert len(strip.dots) == 3


def test_histogram_bars_tile_the_axis(example: Report) -> None:
    histogram = example.arms[1].scores[0]
    chart = histogram_chart(histogram)
    assert chart.documents == sum(histogram.counts)
    assert chart.kept == sum(histogram.kept)
    assert all(bar.kept_height <= bar.height <= SIDE for bar in chart.bars)
    for left, right in pairwise(chart.bars):
        assert left.x + left.width == pytest.approx(right.x, abs=0.2)
    assert chart.bars[0].x == 0
    assert chart.bars[-1].x + chart.bars[-1].width == pytest.approx(SIDE, abs=0.2)


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6), most=st.integers(2, 8))
def test_even_steps_are_few_even_and_inside(low: float, span: float, most: int) -> None:
    steps = even_steps(low, low + span, most)
    assert len(steps) <= most + 1
    assert all(low - span * 1e-6 <= step <= low + span * (1 + 1e-6) for step in steps)
    gaps = [right - left for left, right in pairwise(steps)]
    assert all(gap == pytest.approx(gaps[0], rel=1e-3) for gap in gaps)


def test_labels_have_the_decimals_that_tell_them_apart() -> None:
    assert [tick.label for tick in Scale(2.2, 3.0).ticks(4)] == ["2.2", "2.4", "2.6", "2.8", "3.0"]
    assert [tick.label for tick in Scale(0.0, 1.0).ticks(4)] == ["0.00", "0.25", "0.50", "0.75", "1.00"]
    assert log_steps(1e14, 1.2e15) == pytest.approx([1e14, 2e14, 5e14, 1e15])


@given(st.lists(st.floats(0, SIDE), min_size=1, max_size=8))
def test_labels_are_spread_apart_in_order(ends: list[float]) -> None:
    moved = spread_apart(ends, 80.0)
    order = sorted(range(len(ends)), key=lambda index: ends[index])
    assert all(moved[after] - moved[before] >= 79.8 for before, after in pairwise(order))
    assert max(moved) <= SIDE
