"""Make: the report of finished runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from cluster.config import RunConfig
from cluster.report import recipes
from cluster.report.arms import arm
from cluster.report.chosen import Chosen, chosen, ends, overlaps
from cluster.report.differences import told
from cluster.report.endings import endings
from cluster.report.multiplier import with_multipliers
from cluster.report.schema import Arm, Completed, HeldOut, Report, Shared
from cluster.report.writing import passages
from pipelines.store.provenance import provenance
from pipelines.store.store import Store
from training.execution import Finished
from training.results import Evaluated

Runs = Mapping[int, Finished]  # of one arm, by seed


@dataclass(frozen=True)
class Compared:
    """The configs of all arms, the first to be beaten, with their runs by name and seed.

    `completed` holds runs of the first one that were trained to their end for other budgets, one of them a mapping.
    """

    configs: Sequence[RunConfig]
    runs: Mapping[str, Runs]
    completed: Sequence[Runs] = ()


def make_report(title: str, command: str, shared: Shared, compared: Compared, store: Store) -> Report:
    """The report of finished runs."""
    configs, runs = compared.configs, compared.runs
    first = next(iter(runs[configs[0].name].values()))
    ends = endings([*(runs[config.name] for config in configs), *compared.completed], store)
    of_arms, completed = ends[: len(configs)], ends[len(configs) :]
    picked = [chosen(next(iter(runs[config.name].values())).data.encoded, store) for config in configs]
    arms = [_arm(config, runs[config.name], each, store) for config, each in zip(configs, picked, strict=True)]
    facts = provenance()
    return Report(
        title=title,
        created=datetime.now(UTC),
        gleaner_version=version("gleaner-lm"),
        held_out=HeldOut(
            name=text_name(recipes.whole(configs[0])["evaluation"]["held_out"]),
            documents=first.evaluation.details_as(Evaluated).documents,
            bytes=first.evaluation.bytes_in,
            curve_bytes=min(configs[0].evaluation.curve_bytes, first.evaluation.bytes_in),
        ),
        seeds=sorted({seed for of_arm in runs.values() for seed in of_arm}),
        machine=f"{facts['cores']} cores, {facts['platform']}, Python {facts['python']}",
        command=command,
        shared=shared,
        arms=with_multipliers(arms, of_arms, completed),
        completed=[Completed(flops=each.flops, values=each.bits_S.tolist()) for each in completed],
        overlaps=overlaps(picked),
    )


def text_name(source: Mapping[str, Any]) -> str:
    """What people call the text of a source: its path and kind, else its kind and parameters."""
    if "path" not in source:
        return told(source)
    paths = [source["path"]] if isinstance(source["path"], str) else source["path"]
    return f"{', '.join(paths)} ({source['kind']})"


def _arm(config: RunConfig, runs: Runs, picked: Chosen | None, store: Store) -> Arm:
    """The arm with its recipe, with what was chosen for it, and with what the model of its first seed writes."""
    first = next(iter(runs.values()))
    measured = arm(config.name, runs, store)
    of_scores = [ends(score.name, first.data.stages[score.name], store) for score in measured.scores]
    return measured.model_copy(
        update={
            "ends": [each for each in of_scores if each],
            "genres": picked.genres if picked else {},
            "recipe": {**recipes.whole(config), "seed": list(runs)},
            "stated": recipes.stated(config),
            "written": passages(config.recipe, first.data, first.training, store),
        }
    )
