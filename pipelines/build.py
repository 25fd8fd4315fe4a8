"""build_data: from a config to packed sequences, top to bottom; every stage is a dataset at an address of its own.

An address that is finished is not built again, a build that was killed goes on with the units that are missing.
"""

import functools
import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.codec import Codec, Coder
from pipelines.config import DataConfig
from pipelines.contracts import Fitted, Source
from pipelines.ingest import IngestWork, check_bad_share, file_units
from pipelines.passes import Attempt, StepWork, explained, row_group_units, rows, run, shard_units, total
from pipelines.provenance import provenance
from pipelines.recipe import address, check_versions, recipe
from pipelines.step import Step, StepFn
from pipelines.steps.encode import CODEC_FILES, Encode
from pipelines.steps.pack import Pack
from pipelines.store import Manifest, Store, UnitRecord

if TYPE_CHECKING:
    import ray.data

LOGGER = logging.getLogger(__name__)
SAMPLES = 12
EXAMPLES = 24


@dataclass(frozen=True)
class BuiltData:
    """The manifests of every stage by its name in the config, in order; the last two are `encode` and `pack`."""

    stages: dict[str, Manifest]

    @property
    def packed(self) -> Manifest:
        """The sequences to train on."""
        return self.stages["pack"]

    @property
    def encoded(self) -> Manifest:
        """The documents that were packed, with their tokens and the codec's files."""
        return self.stages["encode"]


def build_data(config: DataConfig, store: Store, seed: int) -> BuiltData:
    """All stages of the config are in the store; returns their manifests. `seed` is the run's."""
    seed = config.seed_of(seed)
    latest = ingest(config.source, store, config.max_bad_share)
    stages = {"source": latest}
    for name, step in _steps(config).items():
        latest = stages[name] = apply_step(name, step, latest, store, seed)
    stages["pack"] = apply_step("pack", _packing(config, latest), latest, store, seed)
    return BuiltData(stages)


def find_data(config: DataConfig, store: Store, seed: int) -> BuiltData | None:
    """What `build_data` gives, where all of it is in the store; None where a stage is missing, and nothing is built."""
    stages = {name: store.manifest(target) for name, target in data_addresses(config, seed).items()}
    encoded = stages["encode"]
    if encoded is not None:
        packing = step_recipe(_packing(config, encoded), config.seed_of(seed))
        stages["pack"] = store.manifest(address("pack", packing, [encoded.address]))
    found = {name: manifest for name, manifest in stages.items() if manifest is not None}
    return BuiltData(found) if len(found) == len(stages) else None


def data_addresses(config: DataConfig, seed: int) -> dict[str, str]:
    """The addresses of the stages up to `encode` by their names, whether they are in the store or not."""
    latest = address(config.source.kind, recipe(config.source), [])
    addresses = {"source": latest}
    for name, step in _steps(config).items():
        latest = addresses[name] = address(name, step_recipe(step, config.seed_of(seed)), [latest])
    return addresses


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


def open_coder(encoded: Manifest, store: Store) -> Coder:
    """The coder that step `encode` trained, from what its manifest says and nothing else.

    ValueError where its files are not those, or this release's codec is another one.
    """
    return encoded_with(encoded).open(codec_files(encoded, store))


def encoded_with(encoded: Manifest) -> Codec:
    """The codec of the tokens, as their manifest describes it; ValueError where this release has another version."""
    codec = Codec.model_validate(encoded.details["codec"])
    check_versions(codec, encoded.recipe["codec"])
    return codec


def codec_files(encoded: Manifest, store: Store) -> dict[str, bytes]:
    """The trained codec's files by name; ValueError where one is not the file that the tokens were made with."""
    files = {name: store.read(encoded.files[f"{CODEC_FILES}/{name}"]) for name in encoded.details["files"]}
    for name, expected in encoded.details["files"].items():
        if hashlib.sha256(files[name]).hexdigest() != expected:
            raise ValueError(
                f"'{store.path(encoded.files[f'{CODEC_FILES}/{name}'])}' is not the file that the tokens of "
                f"{encoded.address} were made with; copy it from where they were made, or encode them anew"
            )
    return files


def require_columns(name: str, wanted: Sequence[str], present: Sequence[str]) -> None:
    """Raises ValueError with the cure where a step's column is not there."""
    for column in wanted:
        if column not in present:
            raise ValueError(
                f"step '{name}' needs the column '{column}', which is not among {sorted(present)}; add a score step "
                f"named '{column}' before it, or name one of these columns"
            )


@dataclass(frozen=True)
class StoredCorpus:
    """A dataset of the store as a step's `fit` sees it, with room for side tables of the build."""

    store: Store
    manifest: Manifest
    attempt: Attempt

    @property
    def documents(self) -> int:
        """How many rows there are."""
        return self.manifest.rows

    def rows(self, columns: Sequence[str]) -> "ray.data.Dataset":
        """A pass over these columns, with each row's shard and place in it."""
        return rows(self.store, self.manifest, columns)

    def put(self, name: str, table: pa.Table) -> None:
        """Keeps a side table of this build, from any worker."""
        self.store.write_table(self.attempt.file(f"{name}.parquet"), table, 0)

    def get(self, name: str) -> pa.Table | None:
        """A side table that was put, or None."""
        try:
            data = self.store.read(self.attempt.file(f"{name}.parquet"))
        except FileNotFoundError:
            return None
        return pq.read_table(pa.BufferReader(data))


def _steps(config: DataConfig) -> dict[str, Step]:
    """What happens between the source and packing, in order; `encode` is the last."""
    return {**config.source.steps(), **config.steps, "encode": Encode(codec=config.codec, verify=config.verify)}


def _packing(config: DataConfig, encoded: Manifest) -> Pack:
    """The last step, which depends on the codec that `encode` trained."""
    details = encoded.details
    return Pack(**config.pack.model_dump(), vocab_size=details["vocab_size"], end=details["end"])


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
