"""Step `dedup_semantic`: of texts that mean the same, by their vectors, one."""

import functools
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, ROW, SHARD, BoolArray, Fitted, FloatArray
from pipelines.contracts.step import Corpus, Step, StepFn
from pipelines.corpus.cutoff import Cutoff, Ranks, find_cutoffs, ordered_bits
from pipelines.corpus.randomness import key64
from pipelines.corpus.ranks import share_of
from pipelines.duplicates.exact import WINNER
from pipelines.duplicates.losers import dropper, put_scattered
from pipelines.duplicates.semantic import LIKENESS, First, likenesses
from pipelines.texts.arrays import one_array

PARTITIONS = 4  # of a shuffle, and one more for each so many rows
PARTITION_ROWS = 100_000


class DedupSemantic(Step):
    """Drops every text that is more like one before it in its cluster than a threshold: reason `like`, detail its id.

    SemDeDup (arXiv 2303.09540). `cluster` names a `cluster` step, `by` the column of the vectors. In each cluster the
    rows stand in the order of their similarity to the centroid, farthest first (the paper's choice) or nearest, then by
    id; a row's likeness is its highest cosine, to six decimals, to any row before it, kept or not. `threshold` is the
    highest likeness that stays, the paper's 1 - epsilon. With `keep` it is found so that exactly that share of the rows
    stays, rounded down, rows of the same likeness being told apart by the hash of their id; where the share is so small
    that rows go which have nothing before them, these are dropped as `over_share`. Rows without a vector are like
    nothing. Cosines are computed in blocks; the work grows with the square of the largest cluster.
    """

    keep: float | None = Field(default=None, gt=0, le=1)
    threshold: float | None = Field(default=None, ge=-1, le=1)
    by: str = "embedding"
    cluster: str = "cluster"
    first: First = "far"

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.keep is None) == (self.threshold is None):
            raise Mistake("what goes is told by `keep`, the share of rows that stays, or by `threshold`; give one")
        return self

    @property
    def columns(self) -> list[str]:
        """The id, the vectors, and the two columns of the `cluster` step."""
        return [ID, self.by, self.cluster, self._similarity]

    @property
    def seeded(self) -> bool:
        """Whether equal likenesses are told apart by the seed."""
        return self.keep is not None

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """Side tables of the rows that go, and what stays; the vectors are shuffled by cluster between the workers."""
        partitions = PARTITIONS + corpus.documents // PARTITION_ROWS
        look = functools.partial(likenesses, self.by, self._similarity, self.first)
        grouped = corpus.rows(self.columns).groupby(self.cluster, num_partitions=partitions)
        found = grouped.map_groups(look, batch_format="pyarrow").materialize()
        if self.threshold is not None:
            lost = functools.partial(_more_like, self.threshold)
            told: Fitted = {"threshold": self.threshold}
        else:
            assert self.keep is not None
            cuts = functools.partial(_shares, self.keep)
            ((cutoff,),) = find_cutoffs(found, functools.partial(_rank, seed), cuts, corpus.documents).values()
            lost = functools.partial(_below, cutoff, seed)
            told = {"threshold": _likeness_at(cutoff), "kept": int(cutoff.kept_mass)}
        losers = found.map_batches(lost, batch_size=None, batch_format="pyarrow")
        put_scattered(corpus, losers, PARTITIONS)
        return {"corpus": corpus, **told}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """Drops the rows that go among the rows at hand, which are told by their place."""
        return dropper(fitted["corpus"], "like")

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """The highest likeness that stays, and how many rows do where that was asked for."""
        return {name: value for name, value in fitted.items() if name != "corpus"}

    @property
    def _similarity(self) -> str:
        return f"{self.cluster}_similarity"


def _likeness(found: pa.Table) -> FloatArray:
    values: FloatArray = found[LIKENESS].to_numpy().astype(np.float64)
    return values


def _shares(share: float, masses: Mapping[int, float]) -> dict[int, list[float]]:
    """The mass at which each group is cut; there is but one."""
    return {group: [share_of(mass, share)] for group, mass in masses.items()}


def _rank(seed: int, found: pa.Table) -> Ranks:
    """The least like rank highest."""
    likeness = _likeness(found)
    tie = key64(one_array(found[ID]), seed, "tie")
    return Ranks(np.zeros(len(tie), np.int64), ordered_bits(-likeness), tie, np.ones(len(tie)))


def _more_like(threshold: float, found: pa.Table) -> pa.Table:
    return _lost(found, _likeness(found) > threshold)


def _below(cutoff: Cutoff, seed: int, found: pa.Table) -> pa.Table:
    ranks = _rank(seed, found)
    return _lost(found, ~cutoff.keeps(ranks.key, ranks.tie))


def _lost(found: pa.Table, lost: BoolArray) -> pa.Table:
    return found.filter(pa.array(lost)).select([SHARD, ROW, WINNER])


def _likeness_at(cutoff: Cutoff) -> float:
    """The highest likeness that stays: that of the cutoff's key, 1 where all stay, -1 where none does."""
    if not 0 < cutoff.kept_mass < cutoff.total_mass:
        return 1.0 if cutoff.kept_mass else -1.0
    bits = cutoff.key ^ (1 << 63) if cutoff.key >> 63 else cutoff.key ^ (2**64 - 1)
    return -float(np.array(bits, np.uint64).view(np.float64))
