"""Scorer `classifier`: how probably a text is one of the target and not of the corpus, by its words and pairs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, TEXT, BoolArray, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.contracts.source import Source
from pipelines.contracts.step import Corpus
from pipelines.corpus.randomness import uniform
from pipelines.corpus.text_sample import sampled
from pipelines.scorers.ngrams.vectors import Linear, unit_vectors
from pipelines.sources.reading.ingest import read_all
from pipelines.texts.arrays import one_array

PURPOSE = "classifier"
TARGET, CORPUS = "target", "corpus"
HELD_OUT_SHARE = 0.2
MOST_STEPS = 1000


class Classifier(Scorer):
    """P(target | text) of a logistic regression, between 0 and 1: high is like the target.

    The filter of Brown et al. 2020 (arXiv 2005.14165, appendix A), with which DSIR and DsDm compare, on the hashed
    words and pairs of `ngram_importance`. Texts of `target` are told from `sample_bytes` of the corpus, drawn by seed;
    both sides count equally, however many documents each has, so 0.5 says as much the one as the other. A text is a
    vector of length 1, all of it counts, and line breaks are space. A text without words scores 0. `penalty` is the
    weight of the squared weights: a high one brings all scores closer to 0.5. The manifest has accuracy and area under
    the curve (AUC) of a fifth of the documents by a fit of the others, where both sides have some; the scores are of
    the fit of all.
    """

    target: Source
    sample_bytes: int = Field(default=16_777_216, ge=1)
    buckets: int = Field(default=65_536, ge=2, le=2**31 - 1)
    penalty: float = Field(default=1.0, gt=0)

    @property
    def seeded(self) -> bool:
        """True: what the corpus looks like is learned from a sample."""
        return True

    def check(self) -> None:
        """Raises Mistake where the input of the target is missing."""
        self.target.check()

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """The weights of the regression, and what `details` tells; Mistake where a side has no words."""
        sides = {TARGET: read_all(self.target), CORPUS: sampled(corpus, self.sample_bytes, seed, PURPOSE)}
        return fitted(sides, self.buckets, self.penalty, seed)

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, with the weights that `fit` returned."""
        from scipy.special import expit

        model = Linear(fitted["weights"], fitted["intercept"])

        def score(rows: pa.Table) -> Scores:
            log_odds, has_words = model.values(one_array(rows[TEXT]))
            return Scores(np.where(has_words, expit(log_odds), 0.0))

        return score

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """How many documents of both sides were learned from, and how well a held-out fifth was told apart."""
        details: dict[str, Any] = fitted["details"]
        return details


def fitted(sides: Mapping[str, pa.Table], buckets: int, penalty: float, seed: int) -> Fitted:
    """`{"weights", "intercept", "details"}` of the regression that tells the rows of `target` from all others.

    Documents without words are left out; Mistake where a side has no others.
    """
    rows = pa.concat_tables([side.select([ID, TEXT]) for side in sides.values()], promote_options="permissive")
    features = unit_vectors(one_array(rows[TEXT]), buckets)
    names = np.repeat(list(sides), [side.num_rows for side in sides.values()])
    has_words = np.diff(features.indptr) > 0
    features, names = features[has_words], names[has_words]
    documents = {name: int((names == name).sum()) for name in sides}
    for name, count in documents.items():
        if not count:
            raise Mistake(f"the {name} of classifier has no words; look at its text")
    held_out = uniform(one_array(rows[ID]), seed, PURPOSE)[has_words] < HELD_OUT_SHARE
    measured = _measured(features, names == TARGET, held_out, penalty)
    model = _regression(features, names == TARGET, penalty)
    details = {"documents": documents, **measured}
    return {"weights": model.coef_[0], "intercept": float(model.intercept_[0]), "details": details}


def _measured(features: Any, is_target: BoolArray, held_out: BoolArray, penalty: float) -> dict[str, float]:
    """Accuracy, both sides counting equally, and AUC on the held-out rows by a fit of the others; {} without a side."""
    if any(len(np.unique(is_target[part])) < 2 for part in (held_out, ~held_out)):
        return {}
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    log_odds = _regression(features[~held_out], is_target[~held_out], penalty).decision_function(features[held_out])
    return {
        "held_out_documents": int(held_out.sum()),
        "held_out_accuracy": float(balanced_accuracy_score(is_target[held_out], log_odds > 0)),
        "held_out_auc": float(roc_auc_score(is_target[held_out], log_odds)),
    }


def _regression(features: Any, is_target: BoolArray, penalty: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=1 / penalty, class_weight="balanced", max_iter=MOST_STEPS)
    return regression.fit(features, is_target)
