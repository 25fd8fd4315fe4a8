"""Scorer `distilled`: what another scorer would say of a text, told by the text's words alone."""

from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.inference.model_files import RegressionName, model_fingerprint
from pipelines.scorers.ngrams.regression import Regression
from pipelines.texts.arrays import one_array


class Distilled(Scorer):
    """A score as a ridge regression on hashed words and pairs tells it: means what that score means, high where it is.

    The regression learned the score from a sample; it reads any number of texts as quickly as a tokenizer, where a
    `datamodel` asks models for each. `model` is an entry of the section `models` with a `regression`, or the folder of
    one. A text without words gets the mean score of the sample. The manifest has the rank correlation with the score
    on documents that the regression had not seen: by it one knows how much of the score is left.
    """

    model: RegressionName

    def fingerprint(self) -> dict[str, str]:
        """The address of the regression, or the hash of its files."""
        return model_fingerprint(self.model)

    def check(self) -> None:
        """Mistake where `model` is no regression, and none that the run makes."""
        if not self.model.startswith("@"):
            Regression.open(self.model)

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, with the weights of the regression."""
        regression = Regression.open(self.model)

        def score(rows: pa.Table) -> Scores:
            values, has_words = regression.linear.values(one_array(rows[TEXT]))
            return Scores(np.where(has_words, values, regression.facts.mean))

        return score

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """What the regression was fitted to, and how well it tells it."""
        return Regression.open(self.model).facts.model_dump()
