"""Scorer `embedding_similarity`: how near a text's vector is to those of target texts."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from pipelines.contracts.embedder import Embedder, Embeddings
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, Fitted, Resources, VectorArray
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.contracts.source import Source
from pipelines.contracts.step import Corpus
from pipelines.passes.task import in_task
from pipelines.sources.reading.ingest import read_all

TARGETS, FLOPS, WITHOUT = "targets", "flops", "without_embedding"
TARGETS_AT_ONCE = 4_096


class EmbeddingSimilarity(Scorer):
    """The cosine of a text's vector to those of the target's texts: high is like the target, from -1 to 1.

    After BETR (arXiv 2507.12466), which ranks candidates by the likeness of their vectors to those of benchmark
    examples; here every candidate is embedded, where the paper teaches a classifier the ranks of a sample. `aggregate:
    max` is the cosine to the nearest text of the target, `mean` the mean of the cosines to all of them. A text without
    a vector, as an empty one, scores -1; texts of the target without one are left out and counted in the manifest.
    """

    embedder: Embedder
    target: Source
    aggregate: Literal["max", "mean"] = "max"

    @property
    def resources(self) -> Resources:
        """What one scoring worker takes, as the embedder says."""
        return self.embedder.resources

    def check(self) -> None:
        """Raises Mistake where the embedder's model or the input of the target is missing."""
        self.embedder.check()
        self.target.check()

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """The vectors of the target, made in one worker: (T, D), or (1, D) their mean; Mistake where none has one."""
        found = in_task(self.resources, _embedded, self.embedder, self.target)
        there = found.vectors[found.vectors.any(axis=1)]
        if not len(there):
            raise Mistake("no text of the target has a vector; point `target` at the text to be matched")
        targets = there if self.aggregate == "max" else there.mean(axis=0, keepdims=True, dtype=np.float64)
        without = len(found.vectors) - len(there)
        return {TARGETS: targets.astype(np.float32), FLOPS: found.flops, WITHOUT: without, "texts": len(there)}

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, the embedder loaded."""
        targets: VectorArray = fitted[TARGETS]
        embed = self.embedder.open()

        def score(rows: pa.Table) -> Scores:
            found = embed(rows[TEXT].to_pylist())
            highest = np.full(rows.num_rows, -1.0)
            for start in range(0, len(targets), TARGETS_AT_ONCE):
                cosines_NT = found.vectors @ targets[start : start + TARGETS_AT_ONCE].T
                np.maximum(highest, cosines_NT.max(axis=1), out=highest)
            highest[~found.vectors.any(axis=1)] = -1.0
            return Scores(np.clip(highest, -1.0, 1.0), found.flops + 2.0 * rows.num_rows * targets.size)

        return score

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """How many texts of the target are compared with, and how many have no vector."""
        return {"target_texts": fitted["texts"], WITHOUT: fitted[WITHOUT]}

    def fit_flops(self, fitted: Fitted) -> float:
        """Those of embedding the target."""
        return float(fitted[FLOPS])


def _embedded(embedder: Embedder, target: Source) -> Embeddings:
    texts: Sequence[str] = read_all(target)[TEXT].to_pylist()
    return embedder.open()(texts)
