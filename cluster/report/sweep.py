"""Table: a finished sweep as text and as one HTML page that needs nothing else, drawn from its manifest alone."""

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.store.manifest import Manifest
from tuning.results import Swept, Trial
from tuning.space import label
from tuning.trial import FINISHED

TEMPLATE = "sweep.html.j2"
MARGIN = 0.06  # of a plot's span, so that no dot lies on its edge
TICKS = 4
CROWDED = 4  # more options than these are numbered instead of written under the axis


@dataclass(frozen=True)
class Tick:
    """A round value and where it lies, in percent of the plot from its left or top."""

    at: float
    text: str


@dataclass(frozen=True)
class Dot:
    """One trial in a plot, in percent from its left and top."""

    x: float
    y: float
    trial: Trial
    title: str


@dataclass(frozen=True)
class Plot:
    """Bits per byte over one thing; `lines` are SVG paths in a box of 100 x 100."""

    title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    dots: tuple[Dot, ...]
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Axis:
    """Maps low..high onto 0..100, by the logarithm where `log`, upside down where `down`."""

    low: float
    high: float
    log: bool = False
    down: bool = False

    def at(self, value: float) -> float:
        """Where `value` lies, in percent, with one decimal."""
        low, high, place = (math.log(each) if self.log else each for each in (self.low, self.high, value))
        share = (place - low) / (high - low) if high > low else 0.5
        return round(100 * (1 - share if self.down else share), 1)

    def ticks(self) -> tuple[Tick, ...]:
        """A few round values inside the axis."""
        from matplotlib.ticker import LogLocator, MaxNLocator

        locator = LogLocator(subs=(1, 2, 5)) if self.log else MaxNLocator(TICKS, steps=[1, 2, 2.5, 5, 10])
        inside = [value for value in locator.tick_values(self.low, self.high) if self.low <= value <= self.high]
        return tuple(Tick(self.at(value), f"{value:.4g}") for value in inside)


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
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    trials = ranked(manifest)
    return environment.get_template(TEMPLATE).render(
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


def _short_name(path: str, others: Sequence[str]) -> str:
    parts = path.split(".")
    for count in range(1, len(parts)):
        tail = ".".join(parts[-count:])
        if not any(other == tail or other.endswith(f".{tail}") for other in others):
            return tail
    return path


def _progress(trial: Trial) -> str:
    return "100 %" if trial.state == FINISHED else f"{trial.state} at {100 * trial.share:.0f} %"


def _bits_axis(values: Sequence[float]) -> Axis:
    margin = MARGIN * (max(values) - min(values)) or 0.01
    return Axis(min(values) - margin, max(values) + margin, down=True)


def _against(path: str, dimension: Mapping[str, Any], trials: Sequence[Trial]) -> Plot:
    """Bits per byte of every trial against its value in one dimension."""
    kind, bounds = next(iter(dimension.items()))
    bits = _bits_axis([trial.bits_per_byte for trial in trials])
    if kind == "choice":
        places = {label(option): place for place, option in enumerate(bounds, 1)}
        axis = Axis(0.5, len(bounds) + 0.5)
        texts = {name: name if len(places) <= CROWDED else str(place) for name, place in places.items()}
        x_ticks = tuple(Tick(axis.at(place), texts[name]) for name, place in places.items())
        across = [axis.at(places[label(trial.values[path])]) for trial in trials]
    else:
        axis = Axis(bounds[0], bounds[1], log=kind == "log_uniform")
        x_ticks = axis.ticks()
        across = [axis.at(trial.values[path]) for trial in trials]
    dots = tuple(
        Dot(x, bits.at(trial.bits_per_byte), trial, _title(trial)) for x, trial in zip(across, trials, strict=True)
    )
    return Plot(path, x_ticks, bits.ticks(), dots)


def _learning(trials: Sequence[Trial]) -> Plot:
    """The curve of every trial over the share of its training; it ends where the trial was stopped."""
    curves = [trial.curve for trial in trials]
    bits = _bits_axis([value for curve in curves for _, value in curve] or [trial.bits_per_byte for trial in trials])
    across = Axis(0.0, 1.0)
    lines = tuple("M" + "L".join(f"{across.at(x)},{bits.at(y)}" for x, y in curve) if curve else "" for curve in curves)
    dots = tuple(
        Dot(across.at(x), bits.at(y), trial, _title(trial))
        for curve, trial in zip(curves, trials, strict=True)
        for x, y in curve[-1:]
    )
    x_ticks = tuple(Tick(100 * share, f"{100 * share:.0f} %") for share in (0, 0.25, 0.5, 0.75, 1))
    return Plot("share of the training", x_ticks, bits.ticks(), dots, lines)


def _title(trial: Trial) -> str:
    return f"trial {trial.number}: {trial.bits_per_byte:.4f} bits per byte, {_progress(trial)}; {overrides(trial)}"
