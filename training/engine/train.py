"""Train: one training run under Ray Train, from packed sequences to an exported model."""

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.contracts.mistakes import Mistake
from pipelines.packing.packed import Packed
from pipelines.passes.task import ray_resources
from pipelines.store.store import Store
from training.config import TrainingConfig
from training.contracts import HeldOut, IntArray
from training.engine import metrics
from training.engine.loop import PLAN, Job, work
from training.engine.progress import progress_told
from training.engine.storage import ray_storage
from training.networks.export import check_start

if TYPE_CHECKING:
    from ray.train.v2.api.callback import UserCallback

FAILURES = 3  # of workers, that a run survives


@dataclass(frozen=True)
class TrainingResult:
    """What a finished run has come to; the curves have one entry a record, NaN where a value was not measured.

    `seconds` are those of training steps, over all attempts, without start-up, evaluation and checkpoints.
    """

    folder: str
    steps: int
    tokens: int
    flops: float
    seconds: float
    parameters: int
    final_loss: float
    step_curve: IntArray
    flops_curve: npt.NDArray[np.float64]
    loss_curve: npt.NDArray[np.float64]
    held_out_bits_per_byte_curve: npt.NDArray[np.float64]


def train(
    packed: Packed,
    tokenizer_files: dict[str, bytes],
    config: TrainingConfig,
    held_out: HeldOut | None,
    folder: str,
    callbacks: Sequence["UserCallback"] = (),
) -> TrainingResult:
    """A model trained on `packed` is in `folder`/model, its metrics in metrics.jsonl and its order in plan.npy.

    A folder in which a run of the same packed data and config was broken off is taken up at its newest whole
    checkpoint; the result is the same. `folder` is an fsspec URL that every worker reaches. Mistake, before any
    worker starts, where the batch does not divide over the workers, there is nothing to train on, the `text_bytes` of
    the config do not fill a batch, or the model to go on from is another one or knows other tokens.
    """
    if packed.sequences == 0:
        raise Mistake("there is no packed sequence to train on; let the steps of 'data' keep more documents")
    if config.start is not None:
        check_start(config.start, config.model.parameters(packed.vocab_size), tokenizer_files)
    job = Job(packed, tokenizer_files, config.fitted_to(packed), held_out, folder)
    store = Store(folder)
    _write_plan(job, store)
    attempt = f"ray/{uuid.uuid4().hex[:12]}"
    _fit(job, store, attempt, callbacks)
    store.remove("ray")
    return result(packed, config, folder)


def result(packed: Packed, config: TrainingConfig, folder: str) -> TrainingResult:
    """The result of a finished run, read from its folder."""
    records = metrics.read(Store(folder))
    last = records[-1]

    def curve(name: str) -> npt.NDArray[np.float64]:
        return np.array([np.nan if record[name] is None else record[name] for record in records], dtype=np.float64)

    return TrainingResult(
        folder=folder,
        steps=last["step"],
        tokens=last["tokens"],
        flops=last["flops"],
        seconds=last["seconds"],
        parameters=config.model.parameters(packed.vocab_size),
        final_loss=last["loss"],
        step_curve=np.array([record["step"] for record in records], dtype=np.int64),
        flops_curve=curve("flops"),
        loss_curve=curve("loss"),
        held_out_bits_per_byte_curve=curve("held_out_bits_per_byte"),
    )


def _write_plan(job: Job, store: Store) -> None:
    draws = job.steps * job.batch_sequences
    buffer = io.BytesIO()
    np.save(buffer, job.config.curriculum.plan(job.packed.buckets(), draws, job.config.seed))
    store.write(PLAN, buffer.getvalue())


def _fit(job: Job, store: Store, attempt: str, callbacks: Sequence["UserCallback"]) -> None:
    from ray.train import TrainingFailedError
    from ray.train.torch import TorchTrainer
    from ray.train.v2.api.config import FailureConfig, LoggingConfig, RunConfig, ScalingConfig

    from training.engine.failures import EndsAtMistake, told

    class Trainer(TorchTrainer):
        """Leaves Ctrl-C to the command, as all else does: Ray's own answer ends the process with status 0 or 1."""

        def _register_sigint_handler(self, controller: Any) -> None:
            pass

    config = job.config
    run_config: Any = RunConfig(
        name=attempt.removeprefix("ray/"),
        **ray_storage(store, "ray"),
        failure_config=FailureConfig(max_failures=FAILURES),
        logging_config=LoggingConfig(log_level="WARNING"),
        callbacks=[*callbacks, EndsAtMistake()],
    )
    trainer = Trainer(
        work,
        train_loop_config={"job": job},
        scaling_config=ScalingConfig(
            num_workers=config.workers,
            use_gpu=config.worker.gpus > 0,
            resources_per_worker=ray_resources(config.worker),
            accelerator_type=config.worker.accelerator_type or None,
        ),
        run_config=run_config,
    )
    try:
        with progress_told(store, job.steps, job.tokens_per_step, config.workers):
            trainer.fit()
    except TrainingFailedError as error:
        raise told(error) from error
