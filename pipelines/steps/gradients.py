"""Step `gradients`: of every text the projected gradient of what a model says of it."""

from typing import Any, ClassVar

import pyarrow as pa

from pipelines.contracts.rows import TEXT, Fitted, Outcome, Resources
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.gradients.clipping import norms
from pipelines.gradients.features import FEATURES, NORM, FeatureConfig, open_features
from pipelines.inference.model_check import check_model
from pipelines.inference.model_files import ModelName, model_fingerprint
from pipelines.inference.passages import Passage
from pipelines.inference.tokenizing import open_tokenizer
from pipelines.store.manifest import FLOPS
from pipelines.texts.vectors import as_column

DIMENSIONS = "dimensions"
SAMPLES_A_DIMENSION = 16


class Gradients(Step):
    """Turns each text into its `features`, a list of float32 as long as there are dimensions, and their `norm`.

    Nothing else is left of it.

    A text without a token, and one whose gradient is not finite, has features of zero, and is counted as
    `without_gradient`. The Gram matrix of a datamodel is made of these rows.
    """

    version: ClassVar[int] = 2  # 2: the column `norm`

    model: ModelName
    features: FeatureConfig = FeatureConfig()

    @property
    def adds(self) -> list[str]:
        """The features and their Euclidean length."""
        return [FEATURES, NORM]

    @property
    def by_row_group(self) -> bool:
        """True: a model reads every text."""
        return True

    @property
    def resources(self) -> Resources:
        """What one worker takes, as the section `features` says."""
        return self.features.resources

    def fingerprint(self) -> dict[str, str]:
        """The hash of the model's files, or the address of its training."""
        return model_fingerprint(self.model)

    def check(self) -> None:
        """Mistake where `model` is no whole model folder."""
        check_model(self.model, None)

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """How many dimensions there may be: as told, or a sixteenth of the texts."""
        return {DIMENSIONS: self.features.dimensions or corpus.documents // SAMPLES_A_DIMENSION}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function for one table of texts, its model loaded; Mistake where it has too few dimensions."""
        tokenize = open_tokenizer(self.model, None)
        opened = open_features(self.model, self.features, fitted[DIMENSIONS])

        def gradients(rows: pa.Table, place: Place) -> Outcome:
            passages = [Passage(tokens) for tokens in tokenize(rows[TEXT].to_pylist())]
            found = opened.features(passages)
            counts = {
                FLOPS: opened.flops(passages),
                "without_gradient": float((~found.any(axis=1)).sum()),
            }
            return Outcome(pa.table({FEATURES: as_column(found), NORM: norms(found)}), counts=counts)

        return gradients

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """The most dimensions that the features may have."""
        return {DIMENSIONS: fitted[DIMENSIONS]}
