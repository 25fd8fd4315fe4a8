"""Probe: what a single step of training on documents of about equal score is good for.

For each score the sample is put in its order and cut into groups of equal number. From the same model one step is taken
on each group, and what that changes of the targets is compared with the mean score of the group.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.contracts.rows import ID, TEXT, FloatArray
from pipelines.corpus.randomness import Uint64Array, key64
from pipelines.inference.network import load_network
from pipelines.inference.passages import Passage, windows_of
from pipelines.passes.run import run
from pipelines.passes.step_work import total
from pipelines.passes.units import Attempt, Unit
from pipelines.store.address import address, ingredients
from pipelines.store.built import built
from pipelines.store.manifest import FLOPS, Manifest, UnitRecord
from pipelines.store.store import Store
from pipelines.texts.arrays import one_array
from training.contracts import IntArray
from training.engine.in_process import step_down
from tuning.validation.asked import Asked, sample_rows
from tuning.validation.config import ProbeConfig
from tuning.validation.results import Probed
from tuning.validation.targets import target_names

PROBE, MEAN = "probe", "mean"
VERSION = 1  # raised where the same documents get other gains


def probe(scores: Sequence[str], scored: Manifest, config: ProbeConfig, asked: Asked, store: Store) -> Manifest:
    """What a step on each group of each score is good for, in the store; a unit of work is a group."""
    made_of = {**asked.made_of, "probe": ingredients(config), "scores": list(scores), "version": VERSION}
    target = address(PROBE, made_of, [scored.address])

    def made() -> Manifest:
        attempt = Attempt.begin(store, target)
        units = [Unit(f"{score:03d}-{group:03d}") for score in range(len(scores)) for group in range(config.groups)]
        records = run(attempt, units, ProbeWork(attempt, scores, scored, config, asked), asked.resources)
        return Manifest(
            address=target,
            name=PROBE,
            kind=PROBE,
            ingredients=made_of,
            inputs=[scored.address],
            rows_in=scored.rows,
            bytes_in=scored.bytes,
            counts={FLOPS: total(record.counts for record in records)[FLOPS]},
            details=_probed(scores, records, target_names(asked.evaluation)).model_dump(),
            worker_seconds=sum(record.seconds for record in records),
        )

    return built(store, target, made)


def groups_of(score: FloatArray, ties: Uint64Array, count: int) -> list[IntArray]:
    """The numbers of the rows in the order of the score, ties by the second array, in so many groups of equal size."""
    return np.array_split(np.lexsort((ties, score)), count)


@dataclass(frozen=True)
class ProbeWork:
    """The work of a probe: one step on a group, and by how much each target is told better behind it."""

    attempt: Attempt
    scores: Sequence[str]
    scored: Manifest
    config: ProbeConfig
    asked: Asked

    def open(self) -> Callable[[Unit], UnitRecord]:
        """The function that probes one group, the model loaded and asked once before any step."""
        asked, batch_tokens = self.asked, self.asked.config.tokens_of_batch
        rows = sample_rows(self.scored, [TEXT, *self.scores], self.attempt.store)
        ties = key64(one_array(rows[ID]), asked.seed, PROBE)
        texts, targets, context = asked.tokens(rows), asked.targets(), asked.context
        network = load_network(asked.config.model, None, "float32")
        before = {name: target.bits_per_byte(network, batch_tokens) for name, target in targets.items()}
        weights = {name: weight.clone() for name, weight in network.state_dict().items()}

        def do(unit: Unit) -> UnitRecord:
            score, group = (int(part) for part in unit.name.split("-"))
            values = rows[self.scores[score]].to_numpy()
            members = groups_of(values, ties, self.config.groups)[group]
            windows = [window for row in members for window in windows_of(int(row), Passage(texts[row]), context)]
            step_down(network, windows, self.config.step, batch_tokens)
            after = {name: target.bits_per_byte(network, batch_tokens) for name, target in targets.items()}
            network.load_state_dict(weights)
            tokens = 3 * sum(len(window.tokens) for window in windows) + sum(each.tokens for each in targets.values())
            counts = {
                **{_gain(name): before[name] - after[name] for name in targets},
                MEAN: float(values[members].mean()),
                FLOPS: asked.flops_per_token * tokens,
            }
            return self.attempt.record(UnitRecord(unit=unit.name, rows_in=len(members), counts=counts))

        return do


def _gain(target: str) -> str:
    return f"gain:{target}"


def _probed(scores: Sequence[str], records: Sequence[UnitRecord], targets: Sequence[str]) -> Probed:
    """The records, which come group by group and score by score, sorted out."""
    of_score = dict(zip(scores, np.array_split(np.array(records, object), len(scores)), strict=True))
    return Probed(
        means={score: [record.counts[MEAN] for record in of] for score, of in of_score.items()},
        gains={
            score: {target: [record.counts[_gain(target)] for record in of] for target in targets}
            for score, of in of_score.items()
        },
    )
