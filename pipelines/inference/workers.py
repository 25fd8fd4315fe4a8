"""ModelWorkers: how many workers read texts with a model, what each takes, and how much it reads at once."""

from typing import Annotated

from pydantic import Field

from pipelines.contracts.component import PLACEMENT, AcceleratorType, MemoryGb, Spec, Workers
from pipelines.contracts.rows import Resources

CPU_BATCH_TOKENS = 1_024  # so that a batch stays in a core's caches
GPU_BATCH_TOKENS = 16_384


class ModelWorkers(Spec):
    """The placement of what asks a model for every text: no part of its result, and so of no address."""

    batch_tokens: Annotated[
        int | None,
        PLACEMENT,
        Field(
            description=f"of one pass, padding counted; null: {CPU_BATCH_TOKENS} on a CPU, {GPU_BATCH_TOKENS} on a GPU"
        ),
    ] = Field(default=None, ge=1)
    workers: Workers = Field(default=1, ge=1)
    cpus: Annotated[float, PLACEMENT] = Field(default=1.0, gt=0)
    gpus: Annotated[float, PLACEMENT] = Field(default=0.0, ge=0)
    memory_gb: MemoryGb = 0.0
    accelerator_type: AcceleratorType = ""

    @property
    def resources(self) -> Resources:
        """What one worker takes, in a pool of `workers`, since every worker loads the model."""
        return Resources(self.cpus, self.gpus, self.workers, self.memory_gb, self.accelerator_type)

    @property
    def tokens_of_batch(self) -> int:
        """The most tokens that one pass of the model reads, padding counted."""
        return self.batch_tokens or (GPU_BATCH_TOKENS if self.gpus else CPU_BATCH_TOKENS)
