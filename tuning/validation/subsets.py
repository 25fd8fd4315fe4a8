"""Subsets: which documents of a sample a small model is trained on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import BoolArray
from pipelines.corpus.randomness import uniform
from training.contracts import IntArray
from tuning.validation.config import RetrainConfig

HALVES, CELLS = "halves", "cells"


@dataclass(frozen=True)
class Subset:
    """One subset: a random half of the documents, or all documents of some clusters; and its number among its sort."""

    sort: str
    number: int

    @property
    def name(self) -> str:
        """A name of its own."""
        return f"{self.sort}-{self.number:03d}"

    def members(self, ids: pa.Array, cells: IntArray, config: RetrainConfig, seed: int) -> BoolArray:
        """(n,) whether each document is in it; it depends on the seed, the id and the cluster alone."""
        if self.sort == HALVES:
            return uniform(ids, seed, self.name) < 1 / 2
        chosen = max(1, round(config.share * config.clusters))
        drawn = np.random.default_rng([seed, self.number]).permutation(config.clusters)[:chosen]
        return np.isin(cells, drawn)


def subsets(config: RetrainConfig) -> Iterator[Subset]:
    """All subsets that the config wants."""
    for sort, count in ((HALVES, config.halves), (CELLS, config.cells)):
        yield from (Subset(sort, number) for number in range(count))
