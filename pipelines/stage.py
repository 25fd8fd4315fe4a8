"""One stage: a source or a step applied, its result at an address of its own in the store."""

import functools
from collections.abc import Sequence
from typing import Any

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Fitted
from pipelines.contracts.source import Source
from pipelines.contracts.step import Step, StepFn, require_columns
from pipelines.corpus.corpus import StoredCorpus
from pipelines.passes.progress import told
from pipelines.passes.run import run
from pipelines.passes.step_work import StepWork, total
from pipelines.passes.units import Attempt, row_group_units, shard_units
from pipelines.passes.worker_errors import mistakes_told
from pipelines.sources.reading.ingest import LAYOUT, IngestWork, Losses, check_bad_share, file_units, losses
from pipelines.store.address import address, ingredients
from pipelines.store.built import built
from pipelines.store.manifest import FLOPS, Manifest, UnitRecord
from pipelines.store.store import Store

SAMPLES = 12
EXAMPLES = 24


def source_address(source: Source) -> str:
    """Where the documents of the source are, or will be."""
    return address(source.kind, _source_ingredients(source), [])


def step_address(name: str, step: Step, seed: int, before: str) -> str:
    """Where the dataset at the address `before` is after the step, or will be."""
    return address(name, _step_ingredients(step, seed), [before])


def ingest(source: Source, store: Store, max_bad_share: float) -> Manifest:
    """The documents of a source, identified, with unreadable rows in quarantine; Mistake above `max_bad_share`."""
    target = source_address(source)
    finished = built(store, target, lambda: _ingested(source, store, target, max_bad_share))
    # The share is no ingredient: the documents may have been read under a larger one.
    check_bad_share(finished.details_as(Losses), max_bad_share, store.path(f"{target}/quarantine"))
    return finished


def apply_step(name: str, step: Step, before: Manifest, store: Store, seed: int) -> Manifest:
    """The dataset `before` after the step; Mistake where a column is missing or nothing is left."""
    target = step_address(name, step, seed, before.address)
    return built(store, target, lambda: _applied(name, step, before, store, seed, target))


def _ingested(source: Source, store: Store, target: str, max_bad_share: float) -> Manifest:
    attempt = Attempt.begin(store, target)
    records = run(attempt, file_units(source), IngestWork(attempt, source), source.resources)
    lost = losses(records)
    check_bad_share(lost, max_bad_share, store.path(f"{target}/quarantine"))
    return _manifest(
        records,
        address=target,
        name=source.kind,
        kind="source",
        ingredients=_source_ingredients(source),
        counts=total(record.counts for record in records),
        details=lost.model_dump(),
    )


def _applied(name: str, step: Step, before: Manifest, store: Store, seed: int, target: str) -> Manifest:
    require_columns(name, step.columns, list(before.columns))
    attempt = Attempt.begin(store, target)
    with told(lambda: f"{target}: looks at {before.rows:,} documents first"):
        fitted = _fit(step, StoredCorpus(store, before, attempt), seed)
    opener = functools.partial(_open, step, fitted, seed)
    units = row_group_units(before) if step.by_row_group else shard_units(before)
    records = run(attempt, units, StepWork(attempt, before, step.suffix, opener), step.resources)
    return _manifest(
        records,
        address=target,
        name=name,
        kind=step.kind,
        ingredients=_step_ingredients(step, seed),
        inputs=[before.address],
        counts=total([{FLOPS: step.fit_flops(fitted)}, *(record.counts for record in records)]),
        details=step.details(fitted),
        files={role: _put_file(attempt, role, data) for role, data in step.artifacts(fitted).items()},
    )


def _source_ingredients(source: Source) -> dict[str, Any]:
    """What the shards of a source depend on: the documents, and how they are cut."""
    return {**ingredients(source), "layout": LAYOUT}


def _step_ingredients(step: Step, seed: int) -> dict[str, Any]:
    """What the step's result depends on beside its input."""
    return {**ingredients(step), **({"seed": seed} if step.seeded else {})}


def _fit(step: Step, corpus: "StoredCorpus", seed: int) -> Fitted:
    with mistakes_told():
        return step.fit(corpus, seed)


def _open(step: Step, fitted: Fitted, seed: int) -> StepFn:
    return step.open(fitted, seed)


def _put_file(attempt: Attempt, role: str, data: bytes) -> str:
    file = attempt.file(role)
    attempt.store.write(file, data)
    return file


def _manifest(records: Sequence[UnitRecord], **facts: Any) -> Manifest:
    """The manifest of finished units; `facts` are the fields that no unit knows. Mistake where no row is left."""
    shards = [shard for record in records for shard in record.shards]
    dropped = total(record.dropped for record in records)
    if not shards:
        raise Mistake(f"step '{facts['name']}' kept no row; dropped: {dropped}; relax it")
    return Manifest(
        shards=shards,
        columns=_common_columns(records),
        rows_in=sum(record.rows_in for record in records),
        bytes_in=sum(record.bytes_in for record in records),
        rows=sum(shard.rows for shard in shards),
        bytes=sum(shard.bytes for shard in shards),
        dropped=dropped,
        bad=total(record.bad for record in records),
        samples=[sample for record in records for sample in record.samples][:SAMPLES],
        examples=_spread([example for record in records for example in record.examples]),
        worker_seconds=sum(record.seconds for record in records),
        **facts,
    )


def _spread(examples: list[dict[str, str]]) -> list[dict[str, str]]:
    """At most EXAMPLES of them, a few of every reason."""
    by_reason: dict[str, list[dict[str, str]]] = {}
    for example in examples:
        by_reason.setdefault(example["reason"], []).append(example)
    each = max(1, EXAMPLES // max(1, len(by_reason)))
    return [example for reason in sorted(by_reason) for example in by_reason[reason][:each]]


def _common_columns(records: Sequence[UnitRecord]) -> dict[str, str]:
    """The columns that every shard has, with the type that the first one gives."""
    shards = [columns for record in records for columns in record.columns]
    return {name: kind for name, kind in shards[0].items() if all(name in other for other in shards)}
