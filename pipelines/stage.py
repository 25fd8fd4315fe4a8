"""One stage: a source or a step applied, its result at an address of its own in the store."""

import functools
import logging
import time
from collections.abc import Sequence
from typing import Any

from pipelines.contracts.rows import Fitted
from pipelines.contracts.source import Source
from pipelines.contracts.step import Step, StepFn, require_columns
from pipelines.corpus.corpus import StoredCorpus
from pipelines.passes.run import explained, run
from pipelines.passes.step_work import StepWork, total
from pipelines.passes.units import Attempt, row_group_units, shard_units
from pipelines.sources.reading.ingest import IngestWork, check_bad_share, file_units
from pipelines.store.address import address, recipe
from pipelines.store.manifest import Manifest, UnitRecord
from pipelines.store.provenance import provenance
from pipelines.store.store import Store

LOGGER = logging.getLogger(__name__)
SAMPLES = 12
EXAMPLES = 24


def step_recipe(step: Step, seed: int) -> dict[str, Any]:
    """What the step's result depends on beside its input."""
    return {**recipe(step), **({"seed": seed} if step.seeded else {})}


def ingest(source: Source, store: Store, max_bad_share: float) -> Manifest:
    """The documents of a source, identified, with unreadable rows in quarantine; ValueError above `max_bad_share`."""
    ingredients = recipe(source)
    target = address(source.kind, ingredients, [])
    quarantine = store.path(f"{target}/quarantine")
    if (finished := store.manifest(target)) is not None:
        check_bad_share(store.unit_records(target).values(), max_bad_share, quarantine)
        return finished
    started = time.monotonic()
    attempt = Attempt.begin(store, target)
    work = IngestWork(attempt, source)
    records = run(attempt, file_units(source), work, source.resources)
    check_bad_share(records, max_bad_share, quarantine)
    manifest = _manifest(target, source.kind, "source", ingredients, [], records)
    return _commit(store, manifest, started)


def apply_step(name: str, step: Step, before: Manifest, store: Store, seed: int) -> Manifest:
    """The dataset `before` after the step; ValueError where a column is missing or nothing is left."""
    ingredients = step_recipe(step, seed)
    target = address(name, ingredients, [before.address])
    if (finished := store.manifest(target)) is not None:
        return finished
    require_columns(name, step.columns, list(before.columns))
    started = time.monotonic()
    attempt = Attempt.begin(store, target)
    fitted = _fit(step, StoredCorpus(store, before, attempt), seed)
    opener = functools.partial(_open, step, fitted, seed)
    units = row_group_units(before) if step.by_row_group else shard_units(before)
    records = run(attempt, units, StepWork(attempt, before, step.suffix, opener), step.resources)
    manifest = _manifest(target, name, step.kind, ingredients, [before.address], records)
    files = {role: _put_file(attempt, role, data) for role, data in step.artifacts(fitted).items()}
    details = step.details(fitted)
    flops = {"flops": step.flops(manifest.counts)}
    return _commit(
        store,
        manifest.model_copy(update={"files": files, "details": details, "counts": {**manifest.counts, **flops}}),
        started,
    )


def _fit(step: Step, corpus: "StoredCorpus", seed: int) -> Fitted:
    from ray.exceptions import RayTaskError

    try:
        return step.fit(corpus, seed)
    except RayTaskError as error:
        raise explained(error) from error


def _open(step: Step, fitted: Fitted, seed: int) -> StepFn:
    return step.open(fitted, seed)


def _put_file(attempt: Attempt, role: str, data: bytes) -> str:
    file = attempt.file(role)
    attempt.store.write(file, data)
    return file


def _manifest(
    target: str, name: str, kind: str, ingredients: Any, inputs: list[str], records: Sequence[UnitRecord]
) -> Manifest:
    shards = [shard for record in records for shard in record.shards]
    if not shards:
        raise ValueError(f"step '{name}' kept no row; dropped: {total(record.dropped for record in records)}; relax it")
    examples = [example for record in records for example in record.examples]
    return Manifest(
        address=target,
        name=name,
        kind=kind,
        recipe=ingredients,
        inputs=inputs,
        shards=shards,
        columns=_common_columns(records),
        rows_in=sum(record.rows_in for record in records),
        bytes_in=sum(record.bytes_in for record in records),
        rows=sum(shard.rows for shard in shards),
        bytes=sum(shard.bytes for shard in shards),
        dropped=total(record.dropped for record in records),
        bad=total(record.bad for record in records),
        counts=total(record.counts for record in records),
        samples=[sample for record in records for sample in record.samples][:SAMPLES],
        examples=_spread(examples),
        worker_seconds=sum(record.seconds for record in records),
    )


def _spread(examples: list[dict[str, str]]) -> list[dict[str, str]]:
    """At most EXAMPLES of them, a few of every reason."""
    by_reason: dict[str, list[dict[str, str]]] = {}
    for example in examples:
        by_reason.setdefault(example["reason"], []).append(example)
    each = max(1, EXAMPLES // max(1, len(by_reason)))
    return [example for reason in sorted(by_reason) for example in by_reason[reason][:each]]


def _commit(store: Store, manifest: Manifest, started: float) -> Manifest:
    seconds = time.monotonic() - started
    finished = manifest.model_copy(update={"seconds": seconds, "provenance": provenance()})
    LOGGER.info(
        "%s: %s -> %s rows, %.1f MB, %.1f s",
        finished.address,
        f"{finished.rows_in:,}",
        f"{finished.rows:,}",
        finished.bytes / 1e6,
        seconds,
    )
    return store.commit(finished)


def _common_columns(records: Sequence[UnitRecord]) -> dict[str, str]:
    """The columns that every shard has, with the type that the first one gives."""
    shards = [columns for record in records for columns in record.columns]
    return {name: kind for name, kind in shards[0].items() if all(name in other for other in shards)}
