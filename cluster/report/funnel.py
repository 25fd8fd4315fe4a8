"""The data funnel: what every step of an arm kept and dropped, and why, as bars on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.report import figures
from cluster.report.charts.axes import Text
from cluster.report.schema import Arm, Beginning, Example, Step
from pipelines.contracts.durations import duration

EXAMPLES = 6  # shown of a step's dropped documents
DECONTAMINATE = "decontaminate"  # the kind of step whose drops are shown in a section of their own
COST = "flops"  # the count that stands in the column of costs


@dataclass(frozen=True)
class Reason:
    """Why rows were dropped: how many, their share of the step's input, and where their part of the bar lies."""

    name: str
    rows: str
    share: str
    start: float
    width: float
    quarantined: bool


@dataclass(frozen=True)
class Stage:
    """One step, drawn: widths are percents of the arm's largest input; `told_by` is the arm that showed it before."""

    step: Step
    kept_width: float
    dropped_width: float
    bad_width: float
    rows: str
    size: str
    price: str
    reasons: tuple[Reason, ...]
    counts: tuple[tuple[str, str], ...]
    examples: tuple[Example, ...]
    kept: tuple[Beginning, ...]
    told_by: str | None


@dataclass(frozen=True)
class Funnel:
    """All steps of one arm."""

    arm: int
    name: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Leak:
    """A decontamination step, and which arms use it."""

    arms: tuple[int, ...]
    step: Step
    dropped: int
    examples: tuple[Example, ...]


def funnels(arms: Sequence[Arm]) -> tuple[Funnel, ...]:
    """The funnel of every arm; a step shared with an earlier arm points there instead of repeating its reasons."""
    told: dict[str, str] = {}
    result = []
    for place, arm in enumerate(arms):
        widest = max((_taken(step) for step in arm.steps), default=0) or 1
        result.append(
            Funnel(place, arm.name, tuple(_stage(step, widest, told.get(step.address)) for step in arm.steps))
        )
        told = {step.address: arm.name for step in arm.steps} | told
    return tuple(result)


def leaks(arms: Sequence[Arm]) -> tuple[Leak, ...]:
    """Every decontamination step once, with what it dropped."""
    steps = {step.address: step for arm in arms for step in arm.steps if step.kind == DECONTAMINATE}
    return tuple(
        Leak(
            arms=tuple(place for place, arm in enumerate(arms) if any(step.address == address for step in arm.steps)),
            step=step,
            dropped=sum(step.dropped.values()),
            examples=tuple(step.examples[: 2 * EXAMPLES]),
        )
        for address, step in steps.items()
    )


def _taken(step: Step) -> int:
    """Rows that a step took in; a source reports none, so it took what it gave and what it turned away."""
    return max(step.rows_in, sum(step.bad.values()) + sum(step.dropped.values()) + (0 if step.rows_in else step.rows))


def _stage(step: Step, widest: int, told_by: str | None) -> Stage:
    taken, dropped, bad = _taken(step), sum(step.dropped.values()), sum(step.bad.values())
    return Stage(
        step=step,
        kept_width=_percent(taken - dropped - bad, widest),
        dropped_width=_percent(dropped, widest),
        bad_width=_percent(bad, widest),
        rows=_flow(step.rows_in, step.rows, figures.count),
        size=_flow(step.bytes_in, step.bytes, figures.size),
        price=_price(step),
        reasons=() if told_by else _reasons(step, taken, widest),
        counts=tuple(
            (words(name), figures.count(value)) for name, value in sorted(step.counts.items()) if name != COST
        ),
        examples=() if told_by or step.kind == DECONTAMINATE else _of_every_reason(step.examples),
        kept=() if told_by or step.kind == DECONTAMINATE else tuple(step.kept),
        told_by=told_by,
    )


def _of_every_reason(examples: Sequence[Example]) -> tuple[Example, ...]:
    """EXAMPLES of them, or one of every reason where there are more; those with a text first."""
    by_reason: dict[str, list[Example]] = {}
    for example in sorted(examples, key=lambda example: not example.text):
        by_reason.setdefault(example.reason, []).append(example)
    each = max(1, EXAMPLES // max(1, len(by_reason)))
    return tuple(example for reason in sorted(by_reason) for example in by_reason[reason][:each])


def _reasons(step: Step, taken: int, widest: int) -> tuple[Reason, ...]:
    """The reasons of a step, the largest first, quarantine last; their bars follow that of the rows that were kept."""
    found = [(False, -rows, name) for name, rows in step.dropped.items() if rows]
    found += [(True, -rows, name) for name, rows in step.bad.items() if rows]
    start = taken + sum(negative for _, negative, _ in found)
    reasons = []
    for quarantined, negative, name in sorted(found):
        rows = -negative
        part = figures.share(rows / taken)
        place, width = _percent(start, widest), _percent(rows, widest)
        reasons.append(Reason(words(name), figures.count(rows), part, place, width, quarantined))
        start += rows
    return tuple(reasons)


def words(name: str) -> str:
    """A snake_case name as people write it: 'kept_original:too_long' is 'kept original: too long'."""
    return name.replace("_", " ").replace(":", ": ")


def _flow(before: float, after: float, text: Text) -> str:
    if not before or before == after:
        return text(after) if after else ""
    return f"{text(before)} → {text(after)}"


def _price(step: Step) -> str:
    spent = [duration(step.seconds), figures.flops(step.flops) if step.flops else ""]
    return " · ".join(part for part in spent if part)


def _percent(part: float, whole: float) -> float:
    return round(100 * max(part, 0) / whole, 2)
