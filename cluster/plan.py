"""Plan: the stages of a run as a table, before it is started: where each result is, or will be, and what is known."""

from collections.abc import Sequence

from cluster.config import RunConfig, load
from cluster.report.figures import size
from pipelines.contracts.location import public
from pipelines.contracts.source import Source
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.plan import Planned, planned

# Stages whose rows are no documents of the data.
NOT_ROWS = ("pack", "train", "datamodel", "regression", "held_out", "evaluate", "tasks", "study")
HEAD = ("stage", "address", "in the store", "rows", "text")


def plan(file: str, overrides: Sequence[str]) -> str:
    """Every stage of the run: its address, whether the store has it, and rows and bytes as far as they are known.

    A stage that is not built yet has at most the rows of the last one before it that is; of a source that was not read
    yet the number of its files and their stored bytes are known. Nothing is built and no cluster is started; Mistake
    where the run would not begin.
    """
    config = load(file, overrides)
    config.recipe.check()
    store = Store(config.store)
    rows, before = [], None
    for stage in planned(config.recipe, store):
        found = store.manifest(stage.address)
        before = None if stage.name == "source" else before
        rows.append(_row(stage, found, before, config))
        before = found if found is not None and found.shards else before
    missing = sum(row[2] == "no" for row in rows)
    told = f"{len(rows) - missing} of {len(rows)} stages are in {public(config.store)}, {missing} are to be built"
    return "\n".join([*_aligned([HEAD, *rows]), told])


def _row(stage: Planned, found: Manifest | None, before: Manifest | None, config: RunConfig) -> tuple[str, ...]:
    name = f"{_model(stage)}: {stage.name}" if stage.model else stage.name
    if found is not None:
        known = (f"{found.rows:,}", size(found.bytes)) if found.shards else ("", "")
        return (name, stage.address, "yes", *known)
    if stage.name == "source":
        data = config.models[stage.model].data if stage.model else config.data
        return (name, stage.address, "no", *_unread(data.source))
    most = f"at most {before.rows:,}" if before is not None and stage.name not in NOT_ROWS else ""
    return (name, stage.address, "no", most, "")


def _model(stage: Planned) -> str:
    return f"models.{stage.model}, copy {stage.copy}" if stage.copy > 1 else f"models.{stage.model}"


def _unread(source: Source) -> tuple[str, str]:
    files = source.files()
    return f"{len(files):,} files", f"{size(sum(source.size(file) for file in files))} stored"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
