"""The section on compression: what each codec makes of text, and what the model makes of its tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.report import figures
from cluster.report.charts.lines import Axis
from cluster.report.charts.scatter import Mark, ScatterChart, pareto_front, scatter_chart
from cluster.report.schema import Arm, Stability, Study
from cluster.report.tables import Cell, Row

LEAST_BITS = 1e-4  # short of uniform; less than this, or less than nothing, is drawn as this
TAKEN = 0.5  # of the distance between two units, by the dots of one of them
BITS = Axis("bits per byte", figures.bits, log=True, tick_text=figures.number)  # from 1.1 to 8, most of them below 2


@dataclass(frozen=True)
class Studied:
    """An arm with a study, and its place among the arms, which is its colour."""

    place: int
    arm: Arm
    study: Study

    @property
    def name(self) -> str:
        """The arm's name."""
        return self.arm.name


@dataclass(frozen=True)
class Compression:
    """All that the section shows; tables have a row an arm, `codecs` says in a line what each codec is."""

    codecs: tuple[str, ...]
    rows: tuple[Row, ...]
    by_flops: ScatterChart
    by_step: ScatterChart
    uniformity: ScatterChart | None
    accuracy: tuple[Row, ...]
    stability: tuple[Row, ...]


def compression(arms: Sequence[Arm]) -> Compression | None:
    """The section of the arms that carry a study; None where none does."""
    studied = [Studied(place, arm, arm.study) for place, arm in enumerate(arms) if arm.study]
    if not studied:
        return None
    places = max(len(each.study.accuracy_by_position) for each in studied)
    return Compression(
        codecs=tuple(each.study.codec for each in studied),
        rows=tuple(Row(each.place, each.name, tuple(_cells(each.arm, each.study))) for each in studied),
        by_flops=by_flops(studied),
        by_step=by_step(studied),
        uniformity=by_unit(studied),
        accuracy=tuple(
            Row(each.place, each.name, _accuracy(each.study, places))
            for each in studied
            if each.study.accuracy_by_position
        ),
        stability=tuple(
            Row(each.place, each.name, _stability(each.study.stability)) for each in studied if each.study.stability
        ),
    )


def by_flops(studied: Sequence[Studied]) -> ScatterChart:
    """Bits per byte over the FLOPs of reading one, both logarithmic; arms of one codec are joined, small to large."""
    marks = [_mark(each, each.study.flops_per_byte) for each in studied]
    codecs = dict.fromkeys(each.study.codec for each in studied)
    groups = [[number for number, each in enumerate(studied) if each.study.codec == codec] for codec in codecs]
    joined = [sorted(group, key=lambda number: marks[number].x) for group in groups if len(group) > 1]
    flops = Axis("FLOPs per byte", figures.flops, log=True)
    return scatter_chart(marks, flops, BITS, joined)


def by_step(studied: Sequence[Studied]) -> ScatterChart:
    """Bits per byte over the bytes of a token, of which a decoder step gives one; the Pareto front is joined."""
    marks = [_mark(each, each.study.bytes_per_token) for each in studied]
    front = pareto_front([(mark.x, mark.y) for mark in marks])
    steps = Axis("bytes per step", figures.number)
    return scatter_chart(marks, steps, BITS, [front] if len(front) > 1 else [])


def by_unit(studied: Sequence[Studied]) -> ScatterChart | None:
    """Bits short of uniform (logarithmic) by unit of the tokens; a bar goes to the estimate without correction.

    The n-grams of an arm's bits are joined. None where nothing was measured.
    """
    found = {row.unit for each in studied for row in each.study.uniformity}
    names = sorted(found, key=lambda unit: (not unit[0].isdigit(), unit != "token", len(unit), unit))
    marks: list[Mark] = []
    joined = []
    for number, each in enumerate(studied):
        aside = TAKEN * ((number + 0.5) / len(studied) - 0.5)
        rows = sorted(each.study.uniformity, key=lambda row: names.index(row.unit))
        joined.append([place for place, row in enumerate(rows, start=len(marks)) if row.unit[0].isdigit()])
        for row in rows:
            low, high = sorted(max(bits, LEAST_BITS) for bits in (row.miller_madow_bits, row.plug_in_bits))
            best = max(row.miller_madow_bits, LEAST_BITS)
            marks.append(Mark(each.place, each.name, names.index(row.unit) + aside, best, low, high))
    if not marks:
        return None
    across, up = Axis("unit", str, names=names), Axis("bits short of uniform", _short, log=True, tick_text=_short)
    return scatter_chart(marks, across, up, [group for group in joined if len(group) > 1])


def _short(bits: float) -> str:
    return figures.number(bits) if bits > 1.001 * LEAST_BITS else f"≤ {LEAST_BITS:g}"


def _mark(each: Studied, x: float) -> Mark:
    values = [seed.value for seed in each.arm.bits_per_byte.seeds]
    return Mark(each.place, each.name, x, each.arm.bits_per_byte.mean, min(values), max(values))


def _cells(arm: Arm, study: Study) -> list[Cell]:
    trained = arm.bits_per_byte.mean
    compressor = f"{figures.flops(study.compressor_flops_per_byte)} of them to compress"
    return [
        Cell(
            "Bits per byte, trained",
            figures.bits(trained),
            f"{figures.signed(trained - study.unigram_bits_per_byte)} to unigram",
        ),
        Cell("Unigram", figures.bits(study.unigram_bits_per_byte)),
        Cell(
            "Uniform", figures.bits(study.uniform_bits_per_byte), f"{8 / study.uniform_bits_per_byte:.2f}x compressed"
        ),
        Cell("Bytes per token", f"{study.bytes_per_token:.2f}", f"of {figures.count(study.vocab_size)} tokens"),
        Cell(
            "FLOPs per byte", figures.flops(study.flops_per_byte), compressor if study.compressor_flops_per_byte else ""
        ),
        _round_trip(study),
    ]


def _round_trip(study: Study) -> Cell:
    """A cell with the share of texts that were decoded as they were; `worse` where a lossless codec lost one."""
    broken = study.lossless and study.round_trip_share < 1
    return Cell(
        "Text given back",
        figures.share(study.round_trip_share),
        "lossless" if study.lossless else "not lossless",
        "worse" if broken else "",
    )


def _accuracy(study: Study, places: int) -> tuple[Cell, ...]:
    found = [figures.share(share) for share in study.accuracy_by_position]
    return tuple(Cell(str(place + 1), found[place] if place < len(found) else "–") for place in range(places))


def _stability(stability: Stability) -> tuple[Cell, ...]:
    changed = stability.mean_distance / stability.mean_length if stability.mean_length else 0.0
    return (
        Cell("Tokens", figures.number(round(stability.mean_length, 1))),
        Cell("Edits between two", figures.number(round(stability.mean_distance, 1))),
        Cell("Changed", figures.share(changed)),
        Cell("Prefixes", figures.count(stability.prefixes)),
    )
