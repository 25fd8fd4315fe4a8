"""The tables of the report: the arms side by side, in all and by genre."""

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.report import figures
from cluster.report.schema import Arm
from cluster.report.verdict import LEAST_SEEDS, gain_of, spread_of
from pipelines.contracts.durations import duration


@dataclass(frozen=True)
class Cell:
    """A number, what explains it in small print, and `tone`: 'better', 'worse' beyond the spread, or ''."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Row:
    """One arm of the headline table."""

    arm: int
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class GenreRow:
    """One genre: a cell for each arm; `best` is the place of the arm with the fewest bits per byte."""

    genre: str
    cells: tuple[Cell | None, ...]
    best: int


def headline(arms: Sequence[Arm]) -> tuple[Row, ...]:
    """One row an arm, every cell with its column's name."""
    return tuple(Row(place, arm.name, tuple(_cells(arms[0], arm))) for place, arm in enumerate(arms))


def _cells(first: Arm, arm: Arm) -> list[Cell]:
    seeds = len(arm.bits_per_byte.seeds)
    spread = f"{seeds} seeds, spread {figures.bits(arm.bits_per_byte.spread)}" if seeds > 1 else "one seed"
    data_share = arm.data_flops / arm.training_flops if arm.training_flops else 0.0
    data_note = f"{figures.share(data_share)} of training" if arm.data_flops else "no model ran"
    return [
        Cell("Bits per byte", figures.bits(arm.bits_per_byte.mean), spread),
        _delta(first, arm),
        _multiplier(first, arm),
        Cell("Training FLOPs", figures.flops(arm.training_flops), f"{figures.tokens(arm.parameters)} parameters"),
        Cell("Data FLOPs", figures.flops(arm.data_flops), data_note),
        Cell("Time on data", duration(arm.data_seconds)),
        Cell("Time in all", duration(arm.seconds), "without start-up"),
        Cell("Tokens", figures.tokens(arm.tokens)),
        Cell("Text chosen", figures.size(arm.bytes), figures.epochs(arm.epochs)),
    ]


def _multiplier(first: Arm, arm: Arm) -> Cell:
    """The factor with its interval, and whether it is but a bound; a dash where it was not measured."""
    label, factor, interval = "Compute multiplier", arm.compute_multiplier, arm.multiplier_interval
    if factor is None:
        return Cell(label, "–", "" if arm is first else "needs --budgets")
    bound = "" if arm.multiplier_is == "exact" else f"{arm.multiplier_is} "
    between = f"{figures.times(interval[0])} to {figures.times(interval[1])}" if interval else ""
    return Cell(label, f"{bound}{figures.times(factor)}", between)


def _delta(first: Arm, arm: Arm) -> Cell:
    label = f"Against {first.name}"
    if arm is first:
        return Cell(label, "–")
    gain, spread = gain_of(first, arm), spread_of(first, arm)
    if spread is None:
        return Cell(label, figures.signed(-gain), "not judged: too few seeds")
    tone = "better" if gain > spread else "worse" if gain < -spread else ""
    note = f"{figures.times(abs(gain) / spread)} spread" if tone and spread else "" if tone else "within spread"
    return Cell(label, figures.signed(-gain), note, tone)


def by_genre(arms: Sequence[Arm]) -> tuple[GenreRow, ...]:
    """Every genre with the mean over seeds of each arm; empty where the held-out text has fewer than two genres."""
    genres = sorted({genre for arm in arms for seed in arm.bits_per_byte.seeds for genre in seed.by_genre})
    return tuple(_genre_row(arms, genre) for genre in genres) if len(genres) > 1 else ()


def shares_by_genre(arms: Sequence[Arm]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Every genre with its share of each arm's chosen text, the commonest first; empty for fewer than two genres."""
    totals = [sum(arm.genres.values()) or 1.0 for arm in arms]
    genres = {genre for arm in arms for genre in arm.genres}
    shares = {
        genre: [arm.genres.get(genre, 0.0) / total for arm, total in zip(arms, totals, strict=True)] for genre in genres
    }
    ordered = sorted(genres, key=lambda genre: (-shares[genre][0], genre))
    return tuple((genre, tuple(map(figures.share, shares[genre]))) for genre in ordered) if len(genres) > 1 else ()


def _genre_row(arms: Sequence[Arm], genre: str) -> GenreRow:
    values = [[seed.by_genre[genre] for seed in arm.bits_per_byte.seeds if genre in seed.by_genre] for arm in arms]
    cells, best = compared_bits(arms, values)
    return GenreRow(genre, cells, best)


def compared_bits(arms: Sequence[Arm], values: Sequence[Sequence[float]]) -> tuple[tuple[Cell | None, ...], int]:
    """(arms,) cells of the mean over an arm's seeds, None where it has no value, and the place of the lowest mean."""
    means = [sum(each) / len(each) if each else float("inf") for each in values]
    spreads = [max(each) - min(each) if each else 0.0 for each in values]
    cells = tuple(
        _genre_cell(
            name=arm.name, mean=mean, first_mean=means[0], spread=max(spread, spreads[0]), seeds=min(map(len, values))
        )
        if each
        else None
        for arm, each, mean, spread in zip(arms, values, means, spreads, strict=True)
    )
    return cells, means.index(min(means))


def _genre_cell(name: str, mean: float, first_mean: float, spread: float, seeds: int) -> Cell:
    difference = mean - first_mean
    if not difference or first_mean == float("inf"):
        return Cell(name, figures.bits(mean))
    tone = "" if seeds < LEAST_SEEDS or abs(difference) <= spread else "better" if difference < 0 else "worse"
    return Cell(name, figures.bits(mean), figures.signed(difference), tone)
