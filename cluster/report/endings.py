"""Endings: what the finished runs of a recipe spend on each held-out document, and draws of seeds and documents of it.

Legend of shapes: S runs of a recipe, one a seed, T runs of all recipes, D held-out documents, N draws.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cluster.report.schema import Over
from cluster.report.verdict import LEAST_SEEDS
from pipelines.contracts.rows import TEXT_BYTES, FloatArray
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.contracts import IntArray
from training.execution import Finished
from training.results import NATS, Evaluated

LEAST_DOCUMENTS = 20  # draws of fewer differ far less than the texts that might have been held out in their place
TOGETHER = 1 << 22  # documents drawn at once, 32 MB of them


@dataclass(frozen=True)
class Endings:
    """Runs of one recipe that were trained to their end for one budget: what they spend on the documents, in nats.

    Where documents were not kept apart the whole text is one.
    """

    flops: float
    nats_SD: FloatArray
    bytes_D: IntArray

    @property
    def bits_S(self) -> FloatArray:
        """The bits per byte of each run."""
        bits: FloatArray = self.nats_SD.sum(axis=1) / (math.log(2) * self.bytes_D.sum())
        return bits


def endings(recipes: Sequence[Mapping[int, Finished]], store: Store) -> list[Endings]:
    """Those of the runs of each recipe, all evaluated on one text; by document where all evaluations have documents."""
    apart = all(run.evaluation.shards for runs in recipes for run in runs.values())
    return [_endings(list(runs.values()), _by_document(store) if apart else _whole) for runs in recipes]


def drawn_from(ends: Sequence[Endings]) -> list[Over]:
    """What there is enough of in all of them to draw from."""
    enough: dict[Over, bool] = {
        "seeds": min(len(each.nats_SD) for each in ends) >= LEAST_SEEDS,
        "documents": len(ends[0].bytes_D) >= LEAST_DOCUMENTS,
    }
    return [name for name, is_so in enough.items() if is_so]


def drawn(ends: Sequence[Endings], over: Collection[Over], draws: int) -> list[FloatArray]:
    """(N, S) bits per byte of the runs of each, with seeds and documents drawn with replacement, or one of the two.

    Documents are drawn for all runs together, since all read the same ones; seeds for each recipe.
    """
    random = np.random.default_rng(0)
    ends_at = np.cumsum([len(each.nats_SD) for each in ends])[:-1]
    if "documents" in over:
        bits_NT = _over_documents(ends, draws, random)
    else:
        bits_NT = np.tile(np.concatenate([each.bits_S for each in ends]), (draws, 1))
    parts = np.split(bits_NT, ends_at, axis=1)
    if "seeds" not in over:
        return parts
    return [np.take_along_axis(each, random.integers(each.shape[1], size=each.shape), axis=1) for each in parts]


def _over_documents(ends: Sequence[Endings], draws: int, random: np.random.Generator) -> FloatArray:
    """(N, T) the bits per byte of each run on each draw of documents: as often as it was drawn a document counts."""
    nats_TD, bytes_D = np.concatenate([each.nats_SD for each in ends]), ends[0].bytes_D
    parts, documents, together = [], len(bytes_D), max(1, TOGETHER // len(bytes_D))
    for start in range(0, draws, together):
        rows = min(together, draws - start)
        places = random.integers(documents, size=(rows, documents)) + documents * np.arange(rows)[:, None]
        times_ND = np.bincount(places.ravel(), minlength=rows * documents).reshape(rows, documents).astype(np.float64)
        parts.append(times_ND @ nats_TD.T / (math.log(2) * (times_ND @ bytes_D)[:, None]))
    return np.concatenate(parts)


def _endings(runs: Sequence[Finished], spent: Callable[[Manifest], pa.Table]) -> Endings:
    tables = [spent(run.evaluation) for run in runs]
    nats_SD = np.stack([table[NATS].to_numpy() for table in tables])
    return Endings(runs[0].training.flops, nats_SD, tables[0][TEXT_BYTES].to_numpy())


def _by_document(store: Store) -> Callable[[Manifest], pa.Table]:
    return lambda evaluation: store.read_columns(evaluation.shards[0], [TEXT_BYTES, NATS])


def _whole(evaluation: Manifest) -> pa.Table:
    nats = evaluation.details_as(Evaluated).bits_per_byte * math.log(2) * evaluation.bytes_in
    return pa.table({TEXT_BYTES: [evaluation.bytes_in], NATS: [nats]})
