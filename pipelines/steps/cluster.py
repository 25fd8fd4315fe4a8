"""Step `cluster`: which of so many groups of like texts each text is in, as a column named after the step."""

import functools
import io
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, Fitted, Outcome, VectorArray
from pipelines.contracts.step import Corpus, Place, Step, StepFn, free_column
from pipelines.corpus.clustering import nearest, spherical
from pipelines.store.manifest import FLOPS
from pipelines.texts.vectors import are_unit, as_column, from_column, to_unit

SIMILARITY = "similarity"
CENTROIDS, SIZES, REPEATED, SAMPLED = "centroids", "sizes", "repeated", "sampled"


class Cluster(Step):
    """Adds `column`, the number of the cluster, from 0, and `<column>_similarity`, the cosine to its centroid.

    `column` is the step's name in the config unless given, `by` the column of an `embed` step. The centroids come from
    spherical k-means (Dhillon and Modha 2001) on a seeded sample of `points` rows a cluster, of which equal ones count
    once. Vectors of another length than 1 are scaled to it and counted as `not_unit`; a row whose vector is zero or
    not finite is in cluster -1 with similarity 0, and counted as `without_embedding`. The file `centroids.npy` beside
    the shards holds the centroids, (clusters, D) float32.
    """

    column: str
    clusters: int = Field(ge=1)
    by: str = "embedding"
    points: int = Field(default=128, ge=1, description="rows of the sample for each cluster")
    rounds: int = Field(default=20, ge=1)

    @field_validator("column")
    @classmethod
    def _is_free(cls, column: str) -> str:
        return free_column("clusters", column)

    @property
    def columns(self) -> list[str]:
        """The vectors."""
        return [self.by]

    @property
    def adds(self) -> list[str]:
        """The number of the cluster and the cosine to its centroid."""
        return [self.column, f"{self.column}_{SIMILARITY}"]

    @property
    def seeded(self) -> bool:
        """True: the sample and the first centroids are drawn by the seed."""
        return True

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """The centroids, and what is told of them; only they come to the driver, the sample goes to one worker."""
        share = self.clusters * self.points / max(corpus.documents, 1)
        sample = corpus.drawn([ID, self.by], share, seed, "cluster").repartition(1)
        learn = functools.partial(_learned, self.by, self.clusters, self.rounds, seed)
        found = sample.map_batches(learn, batch_size=None, batch_format="pyarrow")
        blocks: list[Any] = list(found.iter_batches(batch_size=None, batch_format="pyarrow"))
        parts = [block for block in blocks if block.num_rows]
        if not parts:
            raise Mistake(f"no row was drawn of {corpus.documents} to find clusters by; raise `points`")
        told = parts[0].select([SIZES, REPEATED, SAMPLED]).to_pylist()[0]
        return {**told, CENTROIDS: from_column(parts[0].select([CENTROIDS]), CENTROIDS).reshape(self.clusters, -1)}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function that finds for each row of a table the centroid that it is most like."""
        centroids: VectorArray = fitted[CENTROIDS]

        def assign(rows: pa.Table, place: Place) -> Outcome:
            vectors = from_column(rows, self.by)
            units = to_unit(vectors) if len(vectors) else np.zeros((0, centroids.shape[1]), np.float32)
            if units.shape[1] != centroids.shape[1]:
                raise Mistake(
                    f"column '{self.by}' has vectors of {units.shape[1]} and of {centroids.shape[1]} numbers; take one "
                    "embedder for all rows"
                )
            numbers, cosines = nearest(units, centroids)
            kept = rows.drop_columns([name for name in self.adds if name in rows.column_names])
            for name, values in zip(self.adds, (numbers, cosines), strict=True):
                kept = kept.append_column(name, pa.array(values))
            told = units.any(axis=1)
            counts = {
                FLOPS: 2.0 * len(units) * centroids.size,
                "without_embedding": float((~told).sum()),
                "not_unit": float((told & ~are_unit(vectors)).sum()),
            }
            return Outcome(kept, counts=counts)

        return assign

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """Of the sample: its rows, those that repeat one, the sizes of the clusters, and how many of them are empty."""
        empty = sum(size == 0 for size in fitted[SIZES])
        return {**{name: fitted[name] for name in (SAMPLED, REPEATED, SIZES)}, "empty": empty}

    def artifacts(self, fitted: Fitted) -> dict[str, bytes]:
        """The centroids as a numpy file."""
        file = io.BytesIO()
        np.save(file, fitted[CENTROIDS], allow_pickle=False)
        return {"centroids.npy": file.getvalue()}

    def fit_flops(self, fitted: Fitted) -> float:
        """The products of all different points of the sample with all centroids, once a round."""
        centroids: VectorArray = fitted[CENTROIDS]
        return 2.0 * float(sum(fitted[SIZES])) * centroids.size * self.rounds


def _learned(by: str, clusters: int, rounds: int, seed: int, sample: pa.Table) -> pa.Table:
    """One row: the centroids as one list, and what is told of them; none where there is no sample."""
    if not sample.num_rows:
        return sample.slice(0, 0)
    ordered = sample.sort_by(ID)
    found = spherical(to_unit(from_column(ordered, by)), clusters, rounds, seed)
    return pa.table(
        {
            CENTROIDS: as_column(found.centroids.reshape(1, -1)),
            SIZES: [found.sizes],
            REPEATED: [found.repeated],
            SAMPLED: [sample.num_rows],
        }
    )
