"""Lineage: every dataset of the comparison once, by address, with the arms it serves and what it was made from."""

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.report.schema import Arm, Step


@dataclass(frozen=True)
class Link:
    """One address; `tracks` says for every arm what its line draws here, those of 'dot', 'up' and 'down' that apply."""

    step: Step
    made_from: tuple[str, ...]
    tracks: tuple[str, ...]


def chain(arms: Sequence[Arm]) -> tuple[Link, ...]:
    """All addresses, each below everything that it was made from."""
    steps: dict[str, Step] = {}
    for arm in arms:
        for step in arm.steps:
            steps.setdefault(step.address, step)
    names = {address: step.name for address, step in steps.items()}
    tracks = [_track(arm, list(steps)) for arm in arms]
    return tuple(
        Link(step, tuple(names.get(source, source) for source in step.inputs), tuple(track[row] for track in tracks))
        for row, step in enumerate(steps.values())
    )


def _track(arm: Arm, rows: Sequence[str]) -> list[str]:
    """(rows,) what the arm's line draws in each row: `dot` where it uses the row, `up` and `down` between its ends."""
    own = {step.address for step in arm.steps}
    used = [row for row, address in enumerate(rows) if address in own]
    if not used:
        return [""] * len(rows)
    first, last = used[0], used[-1]
    marks = []
    for row, address in enumerate(rows):
        dot = "dot" if address in own else ""
        up = "up" if first < row <= last else ""
        down = "down" if first <= row < last else ""
        marks.append(" ".join(part for part in (dot, up, down) if part))
    return marks
