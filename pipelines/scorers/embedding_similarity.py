"""Scorer `embedding_similarity`: how near a text's vector is to those of target texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.component import ADDED
from pipelines.contracts.embedder import Embedder
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, Fitted, Resources, VectorArray
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.contracts.source import Source
from pipelines.contracts.step import Corpus
from pipelines.corpus.text_sample import text_sample
from pipelines.passes.task import in_task
from pipelines.sources.reading.ingest import read_all
from pipelines.texts.standing import Standings

TARGETS, VALUES, SHARES = "targets", "values", "shares"
FLOPS, WITHOUT, SAMPLED = "flops", "without_embedding", "sampled_texts"
TARGETS_AT_ONCE = 512  # of a sample of 10,000 texts that is 20 MB of cosines


class EmbeddingSimilarity(Scorer):
    """How near a text's vector is to those of the target: high is like the target, from -1 to 1, a rank from 0 to 1.

    After BETR (arXiv 2507.12466), which ranks documents by the cosine to each benchmark example and takes a document's
    best rank; here every candidate is embedded, where the paper teaches a classifier the ranks of a sample.
    `aggregate: max` is the cosine to the nearest text of the target, `mean` the mean of the cosines to all of them.
    `rank` is BETR's: for each text of the target the share of a sample of the corpus, `sample_bytes` of it drawn by
    seed, that is less like it, and of these shares the highest. So every text of the target has its say, also one to
    which nothing is very near. A text without a vector, as an empty one, scores -1, by rank 0; texts of the target and
    of the sample without one are left out, those of the target counted in the manifest.
    """

    embedder: Embedder
    target: Source
    aggregate: Literal["max", "mean", "rank"] = "max"
    sample_bytes: Annotated[int, ADDED] = Field(default=16_777_216, ge=1)

    @property
    def seeded(self) -> bool:
        """Whether a sample is drawn to rank in."""
        return self.aggregate == "rank"

    @property
    def resources(self) -> Resources:
        """What one scoring worker takes, as the embedder says."""
        return self.embedder.resources

    def check(self) -> None:
        """Raises Mistake where the embedder's model or the input of the target is missing."""
        self.embedder.check()
        self.target.check()

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """The vectors of the target, made in one worker: (T, D), or (1, D) their mean; Mistake where none has one.

        For ranks also where the sample stands towards each of them.
        """
        texts = text_sample(corpus, self.sample_bytes, seed, self.kind) if self.aggregate == "rank" else []
        look = in_task(self.resources, _look, self.embedder, self.target, texts)
        if not len(look.targets):
            raise Mistake("no text of the target has a vector; point `target` at the text to be matched")
        told = {FLOPS: look.flops, WITHOUT: look.without, "texts": len(look.targets), SAMPLED: look.sampled}
        if self.aggregate == "mean":
            return {**told, TARGETS: look.targets.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)}
        if self.aggregate == "rank" and look.standings is None:
            raise Mistake(f"none of the {len(texts)} texts drawn to rank in has a vector; raise `sample_bytes`")
        ranks = {VALUES: look.standings.values_TQ, SHARES: look.standings.shares} if look.standings else {}
        return {**told, TARGETS: look.targets, **ranks}

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, the embedder loaded."""
        targets: VectorArray = fitted[TARGETS]
        standings = Standings(fitted[VALUES], fitted[SHARES]) if self.aggregate == "rank" else None
        lowest = -1.0 if standings is None else 0.0
        embed = self.embedder.open()

        def score(rows: pa.Table) -> Scores:
            found = embed(rows[TEXT].to_pylist())
            highest = np.full(rows.num_rows, lowest)
            for part in _parts(len(targets)):
                near_NT = found.vectors @ targets[part].T
                judged_NT = near_NT if standings is None else standings.part(part).look_up(near_NT)
                np.maximum(highest, judged_NT.max(axis=1), out=highest)
            highest[~found.vectors.any(axis=1)] = lowest
            return Scores(np.clip(highest, lowest, 1.0), found.flops + 2.0 * rows.num_rows * targets.size)

        return score

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """How many texts of the target are compared with, how many have no vector, and how many ranks there are."""
        told = {"target_texts": fitted["texts"], WITHOUT: fitted[WITHOUT]}
        return {**told, SAMPLED: fitted[SAMPLED]} if self.aggregate == "rank" else told

    def fit_flops(self, fitted: Fitted) -> float:
        """Those of embedding the target and the sample."""
        return float(fitted[FLOPS])


@dataclass(frozen=True)
class _Look:
    """The (T, D) vectors of the target's texts that have one, of how many texts there is none, and the standings."""

    targets: VectorArray
    without: int
    sampled: int
    standings: Standings | None
    flops: float


def _look(embedder: Embedder, target: Source, sample: Sequence[str]) -> _Look:
    embed = embedder.open()
    found, drawn = embed(read_all(target)[TEXT].to_pylist()), embed(sample)
    targets, rows = (each.vectors[each.vectors.any(axis=1)] for each in (found, drawn))
    without = len(found.vectors) - len(targets)
    flops = found.flops + drawn.flops + 2.0 * len(rows) * targets.size
    return _Look(targets, without, len(rows), _standings(rows, targets) if len(rows) else None, flops)


def _standings(sample: VectorArray, targets: VectorArray) -> Standings:
    parts = [Standings.of(sample @ targets[part].T) for part in _parts(len(targets))]
    return Standings(np.concatenate([each.values_TQ for each in parts]), parts[0].shares)


def _parts(targets: int) -> list[slice]:
    return [slice(start, start + TARGETS_AT_ONCE) for start in range(0, targets, TARGETS_AT_ONCE)]
