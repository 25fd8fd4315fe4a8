"""The section on tasks: what the models of each arm make of the held-out halves, by category."""

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.report import figures
from cluster.report.schema import Arm, CategoryAnswers, SeedAnswers, TaskAnswers
from cluster.report.tables import Cell, compared_bits
from cluster.report.verdict import LEAST_SEEDS

Answered = TaskAnswers | CategoryAnswers


@dataclass(frozen=True)
class TaskRow:
    """A task or a category: a cell for each arm; `best` is the place of the arm that does best.

    `level` is 'group' for a category, 'member' for a task of a category that has a row, else ''.
    """

    name: str
    level: str
    note: str
    cells: tuple[Cell | None, ...]
    best: int


@dataclass(frozen=True)
class Tasks:
    """The rows of the two tables; `accuracy` is empty where no task has anything to choose."""

    bits: tuple[TaskRow, ...]
    accuracy: tuple[TaskRow, ...]


def tasks(arms: Sequence[Arm]) -> Tasks | None:
    """The section of the arms that were asked tasks; None where none was."""
    listed = _listed(arms)
    if not listed:
        return None
    return Tasks(
        bits=tuple(_bits_row(arms, answered, level) for answered, level in listed),
        accuracy=tuple(_accuracy_row(arms, each, level) for each, level in listed if each.chance is not None),
    )


def _listed(arms: Sequence[Arm]) -> list[tuple[Answered, str]]:
    """The categories by name, each before its tasks, then the tasks of none; one of a single task has no row."""
    asked = {task.name: task for arm in arms for task in arm.tasks}
    summaries = {category.name: category for arm in arms for category in arm.categories}
    names = sorted({task.category for task in asked.values()}, key=lambda name: (not name, name))
    found: list[tuple[Answered, str]] = []
    for name in names:
        members = sorted((task for task in asked.values() if task.category == name), key=lambda task: task.name)
        is_group = name in summaries and len(members) > 1
        found += [(summaries[name], "group")] if is_group else []
        found += [(task, "member" if is_group else "") for task in members]
    return found


def _bits_row(arms: Sequence[Arm], answered: Answered, level: str) -> TaskRow:
    values = [[seed.bits_per_byte for seed in _seeds(arm, answered)] for arm in arms]
    cells, best = compared_bits(arms, values)
    return TaskRow(answered.name, level, _counted(answered), cells, best)


def _accuracy_row(arms: Sequence[Arm], answered: Answered, level: str) -> TaskRow:
    seeds = [_seeds(arm, answered) for arm in arms]
    shares = [[each.accuracy.share for each in of_arm if each.accuracy] for of_arm in seeds]
    means = [_mean(each) if each else 0.0 for each in shares]
    cells = tuple(
        Cell(arm.name, figures.share(mean), _known(of_arm), _tone(mine, shares[0])) if mine else None
        for arm, of_arm, mine, mean in zip(arms, seeds, shares, means, strict=True)
    )
    assert answered.chance is not None
    return TaskRow(answered.name, level, f"chance {figures.share(answered.chance)}", cells, means.index(max(means)))


def _seeds(arm: Arm, answered: Answered) -> list[SeedAnswers]:
    mine: Sequence[Answered] = arm.tasks if isinstance(answered, TaskAnswers) else arm.categories
    return next((each.seeds for each in mine if each.name == answered.name), [])


def _counted(answered: Answered) -> str:
    if isinstance(answered, CategoryAnswers):
        return "mean of its tasks"
    left_out = f", {figures.count(answered.left_out)} left out" if answered.left_out else ""
    return f"{figures.count(answered.items)} items{left_out}"


def _known(seeds: Sequence[SeedAnswers]) -> str:
    """The interval, and the accuracy per byte: means over the seeds, which all answer the same items."""
    decides = [each.accuracy for each in seeds if each.accuracy]
    by_byte = [each.accuracy_per_byte.share for each in seeds if each.accuracy_per_byte]
    low, high = (_mean([getattr(each, end) for each in decides]) for end in ("low", "high"))
    return f"{100 * low:.1f} to {100 * high:.1f}; {100 * _mean(by_byte):.1f} per byte"


def _tone(mine: Sequence[float], first: Sequence[float]) -> str:
    """As of bits per byte: beyond the spread over the seeds, where there are enough of them."""
    if min(len(mine), len(first)) < LEAST_SEEDS:
        return ""
    gain = _mean(mine) - _mean(first)
    spread = max(max(each) - min(each) for each in (mine, first))
    return "better" if gain > spread else "worse" if gain < -spread else ""


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
