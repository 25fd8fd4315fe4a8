"""Scorer `datamodel`: how much training on a text would help a target, by the gradients of proxy models."""

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.gradients.clipping import clipped
from pipelines.gradients.datamodel import Datamodel as Stored
from pipelines.gradients.features import open_features
from pipelines.inference.model_files import DatamodelName, model_fingerprint
from pipelines.inference.passages import Passage
from pipelines.inference.tokenizing import open_tokenizer
from pipelines.inference.workers import ModelWorkers

ERROR = "error"


class Datamodel(ModelWorkers, Scorer):
    """How much better a target is told once a text was trained on, as a datamodel estimates it: high helps the target.

    DsDm (arXiv 2401.12926) with the datamodel of TRAK (2303.14186): the mean over the proxies of the product of the
    text's projected gradient with the datamodel's direction. The features are made anew and dropped at once, so one
    pass reads any number of texts. `error` is the standard error of that mean over the proxies, 0 where there is but
    one. A text without a gradient scores 0, and of a huge one no more counts than of the longest that the datamodel
    lets through. `model` is an entry of the section `models` with a `datamodel`, or the
    folder of one.
    """

    model: DatamodelName

    @property
    def adds(self) -> list[str]:
        """The standard error over the proxies."""
        return [ERROR]

    def fingerprint(self) -> dict[str, str]:
        """The address of the datamodel, or the hash of its files."""
        return model_fingerprint(self.model)

    def check(self) -> None:
        """Mistake where `model` is no datamodel, and none that the run makes."""
        if not self.model.startswith("@"):
            Stored.open(self.model)

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, all proxies loaded."""
        datamodel = Stored.open(self.model)
        facts = datamodel.facts
        placed = facts.features.model_copy(update={"batch_tokens": self.batch_tokens, "gpus": self.gpus})
        folders = [proxy.folder for proxy in facts.proxies]
        tokenizers = [open_tokenizer(folder, None) for folder in folders]
        opened = [open_features(folder, placed, facts.dimensions) for folder in folders]

        def score(rows: pa.Table) -> Scores:
            texts = rows[TEXT].to_pylist()
            scores_MN, doubts_MN, flops = [], [], 0.0
            for tokenize, model, direction, longest in zip(
                tokenizers, opened, datamodel.directions, facts.longest, strict=True
            ):
                passages = [Passage(tokens) for tokens in tokenize(texts)]
                read = model.read(passages)
                scores_MN.append(clipped(read.features, longest) @ direction)
                doubts_MN.append(read.doubts)
                flops += model.flops(passages)
            weights = np.mean(doubts_MN, axis=0) if facts.weights == "doubt" else np.ones(len(texts))
            errors = weights * standard_error(np.array(scores_MN))
            return Scores(weights * np.mean(scores_MN, axis=0), flops, {ERROR: errors})

        return score


def standard_error(scores_MN: np.ndarray) -> np.ndarray:
    """(N,) the standard error of the mean over the first axis; 0 where that is one long."""
    models = len(scores_MN)
    return scores_MN.std(axis=0, ddof=1) / models**0.5 if models > 1 else np.zeros(scores_MN.shape[1])
