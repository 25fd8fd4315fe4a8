"""Table: a finished sweep as text and as one HTML page that needs nothing else, drawn from its manifest alone."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cluster.report import figures
from cluster.report.charts.axes import Scale, Tick
from cluster.report.charts.lines import path as drawn
from cluster.report.templates import environment
from pipelines.store.manifest import Manifest
from tuning.results import Swept, Trial
from tuning.space import label
from tuning.trial import FINISHED

TEMPLATE = "sweep.html.j2"
MARGIN = 0.06  # of a plot's span, so that no dot lies on its edge
TICKS = 4
AXIS_CHARACTERS = 48  # under the narrowest axis; options that need more are numbered there, and told below


@dataclass(frozen=True)
class Dot:
    """One trial in a plot."""

    x: float
    y: float
    trial: Trial
    title: str


@dataclass(frozen=True)
class Plot:
    """Bits per byte over one thing, in units of SIDE; `lines` are SVG path data, one a trial.

    `key` tells what the numbers under the axis stand for, where they are not values themselves.
    """

    title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    dots: tuple[Dot, ...]
    lines: tuple[str, ...] = ()
    key: tuple[str, ...] = ()


def ranked(manifest: Manifest) -> list[Trial]:
    """The trials, the finished ones first, each group from the fewest bits per byte to the most."""
    return sorted(
        manifest.details_as(Swept).trials,
        key=lambda trial: (trial.state != FINISHED, trial.bits_per_byte, trial.number),
    )


def best(manifest: Manifest) -> Trial:
    """The finished trial with the fewest bits per byte."""
    swept = manifest.details_as(Swept)
    return next(trial for trial in swept.trials if trial.number == swept.best)


def overrides(trial: Trial) -> str:
    """The trial's values as they can be pasted behind `gleaner run` and the file of the sweep."""
    return shlex.join(f"{path}={label(value)}" for path, value in trial.values.items())


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """Every dotted path by as many of its last parts as tell it from the others."""
    return {path: _short_name(path, [other for other in paths if other != path]) for path in paths}


def text_table(manifest: Manifest) -> str:
    """The trials in order of merit, one a line, and the best one as overrides."""
    trials = ranked(manifest)
    names = short_names(list(trials[0].values))
    rows = [["bits per byte", "training", "trial", *names.values()]]
    for trial in trials:
        values = [label(trial.values[path]) for path in names]
        rows.append([f"{trial.bits_per_byte:.4f}", _progress(trial), str(trial.number), *values])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([*lines, f"best: {overrides(best(manifest))}"])


def page(manifest: Manifest, name: str) -> str:
    """The whole page of the sweep of the run `name`: the best trial, every trial, and how each dimension mattered."""
    trials = ranked(manifest)
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            name=name,
            manifest=manifest,
            best=best(manifest),
            overrides=overrides(best(manifest)),
            trials=trials,
            names=short_names(list(trials[0].values)),
            label=label,
            progress=_progress,
            learning=_learning(trials),
            plots=[_against(path, manifest.ingredients["tuning"]["space"][path], trials) for path in trials[0].values],
        )
    )


def _short_name(path: str, others: Sequence[str]) -> str:
    parts = path.split(".")
    for count in range(1, len(parts)):
        tail = ".".join(parts[-count:])
        if not any(other == tail or other.endswith(f".{tail}") for other in others):
            return tail
    return path


def _progress(trial: Trial) -> str:
    return "100 %" if trial.state == FINISHED else f"{trial.state} at {100 * trial.share:.0f} %"


def _bits_scale(values: Sequence[float]) -> Scale:
    margin = MARGIN * (max(values) - min(values)) or 0.01
    return Scale(max(values) + margin, min(values) - margin)


def _against(path: str, dimension: Mapping[str, Any], trials: Sequence[Trial]) -> Plot:
    """Bits per byte of every trial against its value in one dimension."""
    kind, bounds = next(iter(dimension.items()))
    key: tuple[str, ...] = ()
    bits = _bits_scale([trial.bits_per_byte for trial in trials])
    if kind == "choice":
        places = {label(option): place for place, option in enumerate(bounds, 1)}
        scale = Scale(0.5, len(bounds) + 0.5)
        fits = sum(len(name) + 2 for name in places) <= AXIS_CHARACTERS
        texts = {name: name if fits else str(place) for name, place in places.items()}
        x_ticks = tuple(Tick(scale.at(place), texts[name]) for name, place in places.items())
        key = () if fits else tuple(f"{place}: {name}" for name, place in places.items())
        across = [scale.at(places[label(trial.values[path])]) for trial in trials]
    else:
        scale = Scale(bounds[0], bounds[1], log=kind == "log_uniform")
        x_ticks = scale.ticks(TICKS, figures.number)
        across = [scale.at(trial.values[path]) for trial in trials]
    dots = tuple(
        Dot(x, bits.at(trial.bits_per_byte), trial, _title(trial)) for x, trial in zip(across, trials, strict=True)
    )
    return Plot(path, x_ticks, bits.ticks(TICKS, figures.number), dots, key=key)


def _learning(trials: Sequence[Trial]) -> Plot:
    """The curve of every trial over the share of its training; it ends where the trial was stopped."""
    curves = [trial.curve for trial in trials]
    bits = _bits_scale([value for curve in curves for _, value in curve] or [trial.bits_per_byte for trial in trials])
    across = Scale(0.0, 1.0)
    places = [[(across.at(x), bits.at(y)) for x, y in curve] for curve in curves]
    dots = tuple(Dot(*points[-1], trial, _title(trial)) for points, trial in zip(places, trials, strict=True) if points)
    lines = tuple(drawn(points) if points else "" for points in places)
    return Plot(
        "share of the training", across.ticks(TICKS, figures.percent), bits.ticks(TICKS, figures.number), dots, lines
    )


def _title(trial: Trial) -> str:
    return f"trial {trial.number}: {trial.bits_per_byte:.4f} bits per byte, {_progress(trial)}; {overrides(trial)}"
