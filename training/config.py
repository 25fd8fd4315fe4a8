"""TrainingConfig: the section `training` of a run."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pipelines.contracts.component import PLACEMENT, AcceleratorType, MemoryGb, Spec, Workers
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Resources
from pipelines.inference.model_files import ModelName
from pipelines.packing.packed import Packed
from training.contracts import Curriculum, Model, Objective
from training.curricula.uniform import Uniform
from training.models.llama import Llama
from training.objectives.causal import Causal
from training.schedules import Schedule, rate_share

TOKENS = 2_000_000  # of a run that states neither tokens nor text_bytes
CPU_LOGITS, GPU_LOGITS = 1 << 24, 1 << 28  # of a micro-batch: 64 MB and 1 GB, and the loss takes about three times that


class TrainingConfig(Spec):
    """How a model is trained: what changes the result, and where it runs (marked PLACEMENT, never part of an address).

    A run is as long as `tokens`, or as `text_bytes` of text, whose tokens follow from the packed data (`fitted_to`).
    One optimizer step sees `batch_tokens` tokens, whatever the number of workers; gradient accumulation follows from
    `micro_batch_sequences`, the sequences that one worker puts through the model at once: where it is not given, as
    many as keep the logits small, since with a vocabulary of 65,536 they take more memory than all else.

    With `start`, a model of the section `models` or a folder, the weights are at first those of that model, which has
    to be of the same shape and know the same tokens; the optimizer begins anew. Its content is part of the address.
    """

    model: Model = Llama()
    objective: Objective = Causal()
    curriculum: Curriculum = Uniform()
    tokens: int | None = Field(default=None, gt=0, description="2,000,000 where text_bytes is not given either")
    text_bytes: int | None = Field(default=None, gt=0)
    batch_tokens: int = Field(default=4_096, gt=0)
    learning_rate: float = Field(default=3e-3, gt=0)
    schedule: Schedule = "cosine"
    warmup_share: float = Field(default=0.05, ge=0, lt=1)
    decay_share: float = Field(default=0.2, ge=0, le=1)
    min_learning_rate_share: float = Field(default=0.1, ge=0, le=1)
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.9, 0.95)
    weight_decay: float = Field(default=0.1, ge=0)
    clip: float = Field(default=1.0, gt=0)
    precision: Literal["fp32", "bf16"] = "fp32"
    zero_stage: int = Field(default=0, ge=0, le=3)
    evaluate_every_steps: int = Field(default=100, gt=0)
    seed: int = Field(default=0, ge=0, description="that of the run, which sets it")
    start: Annotated[ModelName | None, PLACEMENT] = None

    micro_batch_sequences: Annotated[int | None, PLACEMENT] = Field(default=None, gt=0)
    workers: Workers = Field(default=1, gt=0)
    gpus: Annotated[float, PLACEMENT] = Field(default=0, ge=0)
    memory_gb: MemoryGb = 0.0
    accelerator_type: AcceleratorType = ""
    threads: Annotated[int | None, PLACEMENT] = Field(default=None, gt=0)
    checkpoint_every_steps: Annotated[int | None, PLACEMENT] = Field(
        default=None, gt=0, description="null: ten times a run, at least 10 and at most 200 steps apart"
    )
    keep: Annotated[int, PLACEMENT] = Field(default=2, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _has_a_length(cls, given: Any) -> Any:
        stated = not isinstance(given, Mapping) or {"tokens", "text_bytes"} & set(given)
        return given if stated else {**given, "tokens": TOKENS}

    @model_validator(mode="after")
    def _objective_fits(self) -> Self:
        self.objective.check_model(self.model)
        return self

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if self.schedule == "wsd" and self.warmup_share + self.decay_share > 1:
            raise Mistake(
                f"warmup_share {self.warmup_share} and decay_share {self.decay_share} are more than the whole run; "
                "make their sum at most 1"
            )
        if (self.tokens is None) == (self.text_bytes is None):
            raise Mistake(
                f"a run is as long as `tokens` or as `text_bytes`, not as tokens {self.tokens} and text_bytes "
                f"{self.text_bytes}; give one of them, and null for the other where a file below sets it"
            )
        if self.tokens is not None and self.tokens < self.batch_tokens:
            raise Mistake(
                f"tokens {self.tokens} is less than one batch of batch_tokens {self.batch_tokens}; train on more tokens"
            )
        return self

    def fitted_to(self, packed: Packed) -> Self:
        """The same with what follows from the packed data: `tokens` of its `text_bytes`, and `micro_batch_sequences`.

        Mistake where the text does not fill a batch.
        """
        micro = self.micro_batch_sequences or self._fitting_sequences(packed.length, packed.vocab_size)
        settings = {"tokens": self._tokens_of(packed), "text_bytes": None, "micro_batch_sequences": micro}
        return self.model_copy(update=settings)

    def _tokens_of(self, packed: Packed) -> int:
        if self.text_bytes is None:
            assert self.tokens is not None
            return self.tokens
        tokens = round(self.text_bytes * packed.tokens / packed.text_bytes)
        if tokens < self.batch_tokens:
            raise Mistake(
                f"text_bytes {self.text_bytes} is about {tokens} tokens, less than one batch of batch_tokens "
                f"{self.batch_tokens}; train on more text"
            )
        return tokens

    def _fitting_sequences(self, length: int, vocab_size: int) -> int:
        """The most sequences that divide a worker's share and whose logits fit, one at least."""
        each = self.batch_sequences(length) // self.workers
        most = (GPU_LOGITS if self.gpus else CPU_LOGITS) // (length * vocab_size)
        return max(count for count in range(1, each + 1) if each % count == 0 and count <= max(1, most))

    @property
    def worker(self) -> Resources:
        """What one training worker takes, and whatever asks its model."""
        return Resources(gpus=self.gpus, memory_gb=self.memory_gb, accelerator_type=self.accelerator_type)

    def batch_sequences(self, length: int) -> int:
        """Sequences in a global batch; Mistake when they do not divide over workers and micro-batches."""
        sequences = self.batch_tokens // length
        if sequences == 0:
            raise Mistake(
                f"batch_tokens {self.batch_tokens} is less than one sequence of {length} tokens; raise batch_tokens "
                "or pack shorter sequences"
            )
        if self.batch_tokens % length:
            for_workers = f", for {self.workers} workers" if self.workers > 1 else ""
            raise Mistake(
                f"batch_tokens {self.batch_tokens} is no whole number of sequences of {length} tokens; the nearest "
                f"that are{for_workers}: {self._nearest_batches(length)}"
            )
        if sequences % self.workers:
            raise Mistake(
                f"{self.workers} workers cannot share the {sequences} sequences of a batch evenly; choose workers "
                f"that divide {sequences}, or another batch_tokens"
            )
        each, micro = sequences // self.workers, self.micro_batch_sequences
        if micro is not None and each % min(micro, each):
            raise Mistake(
                f"micro_batch_sequences {micro} does not divide the {each} sequences that each worker gets of a "
                f"batch; choose a divisor of {each}"
            )
        return sequences

    def _nearest_batches(self, length: int) -> str:
        """The usable values of `batch_tokens` around the one that is not."""
        step = length * self.workers * (self.micro_batch_sequences or 1)
        below = self.batch_tokens // step * step
        return f"{below} and {below + step}" if below else str(step)

    def micro_batch(self, length: int) -> int:
        """Sequences that one worker puts through the model at once."""
        each = self.batch_sequences(length) // self.workers
        return min(self.micro_batch_sequences or each, each)

    def steps(self, length: int) -> int:
        """Optimizer steps of the run: `tokens`, rounded up to whole batches; Mistake where only text is given."""
        if self.tokens is None:
            raise Mistake(
                f"how many steps text_bytes {self.text_bytes} takes is known with the packed data; set `tokens`"
            )
        return -(-self.tokens // (self.batch_sequences(length) * length))

    def learning_rate_at(self, step: int, steps: int) -> float:
        """The learning rate of step `step` (from 0) of `steps`."""
        share = rate_share(
            self.schedule, step, steps, self.warmup_share, self.decay_share, self.min_learning_rate_share
        )
        return self.learning_rate * share
