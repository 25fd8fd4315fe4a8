"""Text losses: the nats a byte that each text takes a model, all of it read in windows; what scorers by loss share."""

from collections.abc import Callable
from typing import Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray
from pipelines.inference.losses import LossModel, Runner, open_losses
from pipelines.inference.model_check import check_model
from pipelines.inference.model_files import ModelName, model_fingerprint, parameter_count
from pipelines.inference.tokenizing import open_tokenizer
from pipelines.inference.windows import cut
from pipelines.inference.workers import ModelWorkers

TextLossFn = Callable[[pa.Array], tuple[FloatArray, float]]  # (n,) texts -> (n,) nats a byte, and the FLOPs they took


class AskedModel(Spec):
    """A causal language model: a folder of safetensors, "@name", or a hub name with a `revision`."""

    model: ModelName
    revision: str | None = None

    def fingerprint(self) -> dict[str, str]:
        """The hash of the model's files, or its name and revision on a hub; Mistake where there is neither."""
        return model_fingerprint(self.model, self.revision)

    def check(self) -> None:
        """Mistake where `model` is no folder, half of one, or a hub name without a revision."""
        check_model(self.model, self.revision)


class LossReading(ModelWorkers):
    """How texts are read for their losses: in windows of `context` tokens that move by `stride`, in which precision."""

    context: int = Field(default=1024, ge=2)
    stride: int = Field(default=512, ge=1)
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    @model_validator(mode="after")
    def _windows_overlap(self) -> Self:
        if self.stride >= self.context:
            raise Mistake(f"stride {self.stride} leaves no left context; make it less than context {self.context}")
        return self

    def open_text_losses(self, asked: AskedModel, runner: Runner) -> TextLossFn:
        """The loaded model as a function of texts; Mistake where it has no room for `context` tokens.

        The first token is conditioned on the begin (else end) token of the tokenizer, and left out where it has
        neither. Every token is told once, with at least context - stride tokens before it where there are as many. An
        empty text has the loss 0.
        """
        tokenize = open_tokenizer(asked.model, asked.revision)
        spec = LossModel(asked.model, asked.revision, runner, self.dtype, self.context, self.tokens_of_batch)
        losses = open_losses(spec)

        # one multiplication and one addition a parameter in the forward pass
        flops_per_token = 2.0 * parameter_count(asked.model, asked.revision)

        def text_losses(texts: pa.Array) -> tuple[FloatArray, float]:
            if not len(texts):
                return np.zeros(0), 0.0
            tokens = tokenize(texts.to_pylist())
            windows = [each for row, ids in enumerate(tokens) for each in cut(row, ids, self.context, self.stride)]
            places = np.array([window.row for window in windows], np.int64)
            totals = np.bincount(places, losses(windows), minlength=len(texts))
            read = sum(len(window.tokens) for window in windows)
            sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False)
            return totals / np.maximum(sizes, 1), flops_per_token * read

        return text_losses
