"""build_regression: from documents with a score to a regression of it on their words, a folder in the store."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, TEXT, FloatArray, Resources
from pipelines.contracts.step import require_columns
from pipelines.corpus.randomness import uniform
from pipelines.passes.task import in_task
from pipelines.scorers.ngrams.regression import Regression, RegressionFacts
from pipelines.scorers.ngrams.vectors import Linear, unit_vectors
from pipelines.store.address import address, ingredients
from pipelines.store.built import built
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.arrays import one_array

NAME = "regression"
VERSION = 1  # raised where the same documents become another regression
HELD_OUT_SHARE = 0.2
LEAST_DOCUMENTS = 20
TOLERANCE = 1e-5  # of the residual, at which the solver stops


class RegressionConfig(Spec):
    """Which score of a sample is learned, and how: a ridge regression on hashed words and pairs.

    `of` is a column of numbers, as a step `score` adds it. `penalty` is the weight of the squared weights.
    """

    of: str = Field(min_length=1)
    buckets: int = Field(default=65_536, ge=2, le=2**31 - 1)
    penalty: float = Field(default=0.3, gt=0)

    def check(self, where: str, columns: list[str]) -> None:
        """Raises Mistake where the documents, which have these columns, will not have the score."""
        require_columns(where, [self.of], columns)


def regression_address(config: RegressionConfig, sample: str, seed: int) -> str:
    """Where the regression of the sample at this address is, or will be."""
    return address(NAME, _ingredients(config, seed), [sample])


def regression_files(target: str) -> str:
    """The folder inside the store of the regression at this address."""
    return f"{target}/model"


def build_regression(config: RegressionConfig, sample: Manifest, store: Store, seed: int) -> Manifest:
    """The regression is in the store; the sample, as sparse counts, has to fit in one worker's memory."""
    target = regression_address(config, sample.address, seed)
    return built(store, target, lambda: _made(config, sample, store, seed, target))


def fitted(config: RegressionConfig, sample: Iterable[pa.Table], seed: int) -> Regression:
    """The regression of all documents that have words, and how well one of four fifths tells the score of the others.

    Mistake where there are too few of them, or all have the same score.
    """
    import scipy.sparse

    parts = [_numbers(config, rows, seed) for rows in sample]
    features = scipy.sparse.vstack([part.features for part in parts], format="csr")
    scores = np.concatenate([part.scores for part in parts])
    held_out = np.concatenate([part.draws for part in parts]) < HELD_OUT_SHARE
    if len(scores) < LEAST_DOCUMENTS or held_out.all() or not held_out.any():
        raise Mistake(
            f"a regression of '{config.of}' wants at least {LEAST_DOCUMENTS} documents with words, all different, and "
            f"there are {len(scores)}; take a larger sample"
        )
    if np.ptp(scores[~held_out]) == 0:
        raise Mistake(
            f"column '{config.of}' is {scores[~held_out][0]} in all documents to learn from, so there is nothing to "
            "learn; look at the step that scores them"
        )
    told = _ridge(features[~held_out], scores[~held_out], config.penalty).predict(features[held_out])
    model = _ridge(features, scores, config.penalty)
    facts = RegressionFacts(
        of=config.of,
        documents=len(scores),
        mean=float(scores.mean()),
        intercept=float(model.intercept_),
        held_out_documents=int(held_out.sum()),
        held_out_spearman=spearman(told, scores[held_out]),
    )
    return Regression(facts, Linear(model.coef_, facts.intercept))


def spearman(first: FloatArray, second: FloatArray) -> float | None:
    """The rank correlation of two arrays; None where one of them has a single value, and so no ranks."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(first, second).statistic)


@dataclass(frozen=True)
class Numbers:
    """Documents with words as numbers: sparse unit vectors, scores, and a draw of the held-out ones."""

    features: Any
    scores: FloatArray
    draws: FloatArray


def _numbers(config: RegressionConfig, rows: pa.Table, seed: int) -> Numbers:
    features = unit_vectors(one_array(rows[TEXT]), config.buckets)
    has_words = np.diff(features.indptr) > 0
    draws = uniform(one_array(rows[ID]), seed, NAME)
    return Numbers(features[has_words], _scores(config.of, rows)[has_words], draws[has_words])


def _scores(of: str, rows: pa.Table) -> FloatArray:
    kind = rows[of].type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        raise Mistake(f"column '{of}' is of type {kind}, and a regression learns numbers; name a score's column")
    scores: FloatArray = rows[of].cast(pa.float64()).to_numpy()
    if not np.isfinite(scores).all():
        raise Mistake(f"column '{of}' has documents without a finite number; score all of them")
    return scores


def _ridge(features: Any, scores: FloatArray, penalty: float) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(alpha=penalty, solver="sparse_cg", tol=TOLERANCE).fit(features, scores)


def _made(config: RegressionConfig, sample: Manifest, store: Store, seed: int, target: str) -> Manifest:
    regression = in_task(Resources(), _fitted_to, config, sample, store, seed)
    regression.save(store, regression_files(target))
    return Manifest(
        address=target,
        name=NAME,
        kind=NAME,
        ingredients=_ingredients(config, seed),
        inputs=[sample.address],
        rows_in=sample.rows,
        bytes_in=sample.bytes,
        details=regression.facts.model_dump(),
        files={"model": regression_files(target)},
    )


def _fitted_to(config: RegressionConfig, sample: Manifest, store: Store, seed: int) -> Regression:
    return fitted(config, (store.read_columns(shard, [ID, TEXT, config.of]) for shard in sample.shards), seed)


def _ingredients(config: RegressionConfig, seed: int) -> dict[str, Any]:
    return {"config": ingredients(config), "seed": seed, "version": VERSION}
