"""Regression: a folder that says what a score would be, by the words and pairs of a text."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from pipelines.inference.model_files import REGRESSION, holding
from pipelines.scorers.ngrams.vectors import Linear
from pipelines.store.manifest import Stored
from pipelines.store.store import Store

FACTS, WEIGHTS = "regression.json", "weights.safetensors"


class RegressionFacts(Stored):
    """What a regression was fitted to, and how well it told the score of documents that it had not seen.

    `mean` is that of the score `of`. `held_out_spearman` is the rank correlation with it; None where the regression
    gave all of these documents one number.
    """

    of: str
    documents: int
    mean: float
    intercept: float
    held_out_documents: int
    held_out_spearman: float | None


@dataclass(frozen=True)
class Regression:
    """The linear function that gives the score, and what is known of it."""

    facts: RegressionFacts
    linear: Linear

    def save(self, store: Store, folder: str) -> None:
        """The folder in the store holds the regression."""
        from safetensors.numpy import save

        store.write(f"{folder}/{WEIGHTS}", save({"weights": np.ascontiguousarray(self.linear.weights)}))
        store.write(f"{folder}/{FACTS}", self.facts.model_dump_json(indent=1).encode())

    @classmethod
    def open(cls, folder: str) -> Self:
        """The regression of a folder, or of a URL; Mistake where there is none."""
        from safetensors.numpy import load

        place = holding(folder, FACTS, REGRESSION, "cheap")
        facts = RegressionFacts.model_validate_json((place / FACTS).read_bytes())
        weights = load((place / WEIGHTS).read_bytes())["weights"]
        return cls(facts, Linear(weights, facts.intercept))
