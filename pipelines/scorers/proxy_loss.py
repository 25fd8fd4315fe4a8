"""Scorer `proxy_loss`: how surprising a text is to a language model."""

from typing import Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.inference.losses import LossModel, Runner, open_losses
from pipelines.inference.model_check import check_model
from pipelines.inference.model_files import ModelName, model_fingerprint, parameter_count
from pipelines.inference.tokenizing import open_tokenizer
from pipelines.inference.windows import cut
from pipelines.inference.workers import ModelWorkers


class ProxyLoss(ModelWorkers, Scorer):
    """Mean negative log-likelihood of the text under a causal LM, in nats per UTF-8 byte: low is easy or well known.

    `model` is a folder of safetensors or a hub name with a `revision`. The first token is conditioned on the begin
    (else end) token of the tokenizer, and left out where it has neither. A text of more than `context` tokens is read
    in windows that move by `stride`: every token is scored once, with at least context - stride tokens before it
    where there are as many. An empty text scores 0. Scores of the runners and of other batches agree to the precision
    of `dtype`, not to the bit; a CPU without instructions for it computes in float32, which is quicker there.
    """

    model: ModelName
    revision: str | None = None
    context: int = Field(default=1024, ge=2)
    stride: int = Field(default=512, ge=1)
    runner: Runner = "transformers"
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    @model_validator(mode="after")
    def _windows_overlap(self) -> Self:
        if self.stride >= self.context:
            raise Mistake(f"stride {self.stride} leaves no left context; make it less than context {self.context}")
        return self

    def fingerprint(self) -> dict[str, str]:
        """The hash of the model's files, or its name and revision on a hub; Mistake where there is neither."""
        return model_fingerprint(self.model, self.revision)

    def check(self) -> None:
        """Mistake where `model` is no folder, half of one, or a hub name without a revision."""
        check_model(self.model, self.revision)

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function, its model loaded; Mistake where that has no room for `context` tokens."""
        tokenize = open_tokenizer(self.model, self.revision)
        losses = open_losses(self._loss_model())

        # one multiplication and one addition a parameter in the forward pass
        flops_per_token = 2.0 * parameter_count(self.model, self.revision)

        def score(rows: pa.Table) -> Scores:
            texts = rows[TEXT].combine_chunks()
            if not len(texts):
                return Scores(np.zeros(0))
            tokens = tokenize(texts.to_pylist())
            windows = [each for row, ids in enumerate(tokens) for each in cut(row, ids, self.context, self.stride)]
            places = np.array([window.row for window in windows], np.int64)
            totals = np.bincount(places, losses(windows), minlength=len(texts))
            read = sum(len(window.tokens) for window in windows)
            sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False)
            return Scores(totals / np.maximum(sizes, 1), flops_per_token * read)

        return score

    def _loss_model(self) -> LossModel:
        return LossModel(self.model, self.revision, self.runner, self.dtype, self.context, self.tokens_of_batch)
