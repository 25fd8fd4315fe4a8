"""Plan: the stages of a run as a table, before it is started: where each result is, or will be, and what it takes."""

from collections.abc import Sequence

from cluster.config import RunConfig, load
from cluster.rehearsal.feeding import gives_no_text
from cluster.rehearsal.spent import Spent, took, total
from cluster.report.figures import flops, scaled, size
from cluster.setting import Setting
from pipelines.contracts.durations import duration
from pipelines.contracts.location import public
from pipelines.contracts.source import Source
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.plan import Planned, planned

HEAD = ("stage", "address", "in the store", "rows", "text", "FLOPs", "stored", "time")
FORMULA_HEAD = ("models", "FLOPs", "stored", "time")
NOTHING = ("", "", "")


def plan(file: str, overrides: Sequence[str]) -> str:
    """Every stage of the run: its address, whether the store has it, and what it took, or what is known before.

    A stage that is not built yet has at most the rows of the last one before it that is; of a source that was not read
    yet the number of its files and their stored bytes are known. Nothing is built and no cluster is started; Mistake
    where the run would not begin.
    """
    config, stages, manifests = _looked_up(file, overrides)
    store = Store(config.store)
    rows, before = [], None
    for stage, found in zip(stages, manifests, strict=True):
        before = None if stage.name == "source" else before
        known = _known(stage, before, config) if found is None else _told(stage, took(store, found, 0.0), "")
        rows.append(_row(stage, found, known))
        before = found if found is not None and found.shards else before
    return _table(rows, _counted(config, manifests))


def rehearsed(file: str, overrides: Sequence[str], sample_bytes: float) -> str:
    """As `plan`, and of what is to be built what it will take, from a rehearsal on so many bytes of each source.

    Numbers that are expected have a `~`. Nothing is left of the rehearsal, and there is none where nothing is to be
    built. Mistake also where the sample is too small for a step.
    """
    from cluster.rehearsal.rehearse import rehearse

    config, stages, manifests = _looked_up(file, overrides)
    if all(manifests):
        return plan(file, overrides)
    spent = rehearse(config, sample_bytes)
    rows, missing = [], {}
    for stage, found, each in zip(stages, manifests, spent, strict=True):
        rows.append(_row(stage, found, _told(stage, each, "" if found is not None else "~")))
        if found is None:
            missing[stage.address] = each
    whole = total(list(missing.values()))
    takes = f"about {flops(whole.flops)}, {size(whole.stored_bytes)} in the store and {duration(whole.seconds)}"
    return _table(rows, f"{_counted(config, manifests)}; that takes {takes}")


def by_formulas(file: str, overrides: Sequence[str], documents: float, vocab_size: int, flops_per_second: float) -> str:
    """What the models of the run take with so many documents, at that speed, with no look at its sources or the store.

    Mistake where the config leaves open what the formulas need.
    """
    found = list(Setting(load(file, overrides), documents, vocab_size).parts())
    rows = [(each.name, *_spent(each.flops, each.stored_bytes, each.flops / flops_per_second)) for each in found]
    whole = sum(each.flops for each in found)
    takes = f"{flops(whole)}, {duration(whole / flops_per_second)} at {scaled(flops_per_second, 'FLOP')}/s"
    return "\n".join([*_aligned([FORMULA_HEAD, *rows]), f"{takes}; only models are told"])


def _looked_up(file: str, overrides: Sequence[str]) -> tuple[RunConfig, list[Planned], list[Manifest | None]]:
    """The config of a run that would begin, its stages, and the manifests of those that the store has."""
    config = load(file, overrides)
    config.recipe.check()
    store = Store(config.store)
    stages = planned(config.recipe, store)
    return config, stages, [store.manifest(stage.address) for stage in stages]


def _row(stage: Planned, found: Manifest | None, known: Sequence[str]) -> tuple[str, ...]:
    name = f"{_model(stage)}: {stage.name}" if stage.model else stage.name
    return (name, stage.address, "no" if found is None else "yes", *known)


def _known(stage: Planned, before: Manifest | None, config: RunConfig) -> tuple[str, ...]:
    """What is known of a stage that is not there, without a rehearsal."""
    if stage.name == "source":
        data = config.models[stage.model].data if stage.model else config.data
        return (*_unread(data.source), *NOTHING)
    most = f"at most {before.rows:,}" if before is not None and not gives_no_text(stage.name) else ""
    return (most, "", *NOTHING)


def _told(stage: Planned, spent: Spent, sign: str) -> tuple[str, ...]:
    """Rows, text, FLOPs, stored bytes and time, the sign before each."""
    has_rows = spent.text_bytes > 0
    out = (f"{spent.rows:,.0f}", size(spent.text_bytes)) if has_rows else ("", "")
    took = _spent(spent.flops, spent.stored_bytes, spent.seconds)
    return tuple(f"{sign}{each}" if each else "" for each in (*out, *took))


def _spent(spent_flops: float, stored_bytes: float, seconds: float) -> tuple[str, str, str]:
    return (flops(spent_flops) if spent_flops else "", size(stored_bytes), duration(seconds))


def _counted(config: RunConfig, manifests: Sequence[Manifest | None]) -> str:
    whole, missing = len(manifests), sum(found is None for found in manifests)
    return f"{whole - missing} of {whole} stages are in {public(config.store)}, {missing} are to be built"


def _table(rows: Sequence[Sequence[str]], last: str) -> str:
    return "\n".join([*_aligned([HEAD, *rows]), last])


def _model(stage: Planned) -> str:
    return f"models.{stage.model}, copy {stage.copy}" if stage.copy > 1 else f"models.{stage.model}"


def _unread(source: Source) -> tuple[str, str]:
    files = source.files()
    return f"{len(files):,} files", f"{size(sum(source.size(file) for file in files))} stored"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
