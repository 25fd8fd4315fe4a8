"""Retrain: small models trained on random subsets of a sample, and how well each tells the targets.

What training on a subset is good for is what a score of its documents should tell, with their mean: the linear
datamodeling score (Park et al. 2023, arXiv 2303.14186, section 2) is the rank correlation of the two over the subsets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.contracts.rows import ID, TEXT
from pipelines.embedders.hidden import Hidden
from pipelines.passes.run import run
from pipelines.passes.step_work import total
from pipelines.passes.units import Attempt, Unit
from pipelines.stage import apply_step
from pipelines.steps.cluster import Cluster
from pipelines.steps.embed import Embed
from pipelines.store.address import address, ingredients
from pipelines.store.built import built
from pipelines.store.manifest import FLOPS, Manifest, UnitRecord
from pipelines.store.store import Store
from pipelines.texts.arrays import one_array
from training.config import TrainingConfig
from training.engine.in_process import fresh_network, sequences, train_in_process
from tuning.validation.asked import Asked, sample_rows
from tuning.validation.config import RetrainConfig, ValidationConfig
from tuning.validation.results import Retrained
from tuning.validation.subsets import Subset, subsets
from tuning.validation.targets import target_names

RETRAIN, EMBEDDING, CELL = "retrain", "embedding", "cell"
VERSION = 1  # raised where the same documents give other models


def in_cells(sampled: Manifest, config: ValidationConfig, clusters: int, store: Store, seed: int) -> Manifest:
    """The sample with the number of a cluster of each document, by the last hidden states of the model."""
    placement = {name: getattr(config, name) for name in ("batch_tokens", "workers", "cpus", "gpus", "memory_gb")}
    embedder = Hidden(model=config.model, accelerator_type=config.accelerator_type, **placement)
    embedded = apply_step(EMBEDDING, Embed(embedder=embedder, column=EMBEDDING), sampled, store, seed)
    return apply_step(CELL, Cluster(column=CELL, clusters=clusters, by=EMBEDDING), embedded, store, seed)


def retrain(cells: Manifest, config: RetrainConfig, asked: Asked, store: Store) -> Manifest:
    """How well each model tells each target, in the store; a unit of work is a model."""
    made_of = {**asked.made_of, "retrain": ingredients(config), "version": VERSION}
    target = address(RETRAIN, made_of, [cells.address])

    def made() -> Manifest:
        attempt = Attempt.begin(store, target)
        wanted = [(subset, seed) for subset in subsets(config) for seed in range(config.seeds)]
        units = [Unit(_unit(subset, seed)) for subset, seed in wanted]
        records = run(attempt, units, RetrainWork(attempt, cells, config, asked), asked.resources)
        return Manifest(
            address=target,
            name=RETRAIN,
            kind=RETRAIN,
            ingredients=made_of,
            inputs=[cells.address],
            rows_in=cells.rows,
            bytes_in=cells.bytes,
            counts={FLOPS: total(record.counts for record in records)[FLOPS]},
            details=_retrained(config, records, target_names(asked.evaluation)).model_dump(),
            worker_seconds=sum(record.seconds for record in records),
        )

    return built(store, target, made)


@dataclass(frozen=True)
class RetrainWork:
    """The work of training one small model on one subset."""

    attempt: Attempt
    cells: Manifest
    config: RetrainConfig
    asked: Asked

    def open(self) -> Callable[[Unit], UnitRecord]:
        """The function that trains and asks one model; the sample is read and cut into tokens once for all."""
        asked, config, wanted = self.asked, self.config, {subset.name: subset for subset in subsets(self.config)}
        rows = sample_rows(self.cells, [TEXT, CELL], self.attempt.store)
        ids, cells = one_array(rows[ID]), rows[CELL].to_numpy()
        texts, targets = asked.tokens(rows), asked.targets()

        def do(unit: Unit) -> UnitRecord:
            subset, _, seed = unit.name.rpartition("-")
            members = np.flatnonzero(wanted[subset].members(ids, cells, config, asked.seed))
            network = fresh_network(asked.config.model, asked.seed + int(seed))
            settings = _settings(config, asked.seed + int(seed))
            train_in_process(network, sequences([texts[row] for row in members], config.length), settings)
            batch_tokens = asked.config.tokens_of_batch
            bits = {_bits(name): target.bits_per_byte(network, batch_tokens) for name, target in targets.items()}
            tokens = 3 * config.tokens + sum(target.tokens for target in targets.values())
            counts = {**bits, FLOPS: asked.flops_per_token * tokens}
            return self.attempt.record(UnitRecord(unit=unit.name, rows_in=len(members), counts=counts))

        return do


def _settings(config: RetrainConfig, seed: int) -> TrainingConfig:
    return TrainingConfig(
        tokens=config.tokens, batch_tokens=config.batch_tokens, learning_rate=config.learning_rate, seed=seed
    )


def _unit(subset: Subset, seed: int) -> str:
    return f"{subset.name}-{seed}"


def _bits(target: str) -> str:
    return f"bits_per_byte:{target}"


def _retrained(config: RetrainConfig, records: Sequence[UnitRecord], targets: Sequence[str]) -> Retrained:
    counts = {record.unit: record.counts for record in records}
    found: dict[str, dict[str, list[list[float]]]] = {}
    for subset in subsets(config):
        of_sort = found.setdefault(subset.sort, {target: [] for target in targets})
        for target, values in of_sort.items():
            values.append([counts[_unit(subset, seed)][_bits(target)] for seed in range(config.seeds)])
    return Retrained(bits_per_byte=found)
