"""Loop: what each worker does, from fresh weights or the newest whole checkpoint to the exported model."""

import dataclasses
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.contracts.storage_errors import storage_told
from pipelines.packing.packed import Packed
from pipelines.store.store import Store
from training.config import TrainingConfig
from training.contracts import HeldOut, IntArray
from training.engine import checkpoint, metrics
from training.engine.accelerators import peak_flops, set_threads
from training.engine.batches import Batch, Prefetch, Share
from training.engine.deepspeed import set_learning_rate, start
from training.held_out.windows import WindowBatch, window_batches
from training.measures.bits_per_byte import bits_per_byte, window_nats
from training.networks.export import export, load_weights
from training.randomness import sequence_keys

if TYPE_CHECKING:
    from deepspeed import DeepSpeedEngine

PLAN = "plan.npy"
RECORDS = 1_000  # of a run, at most, beside those of evaluations and checkpoints


@dataclass(frozen=True)
class Job:
    """One training run, as it travels to the workers."""

    packed: Packed
    tokenizer_files: dict[str, bytes]
    config: TrainingConfig
    held_out: HeldOut | None
    folder: str

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole run."""
        return self.config.steps(self.packed.length)

    @property
    def batch_sequences(self) -> int:
        """Sequences in a global batch."""
        return self.config.batch_sequences(self.packed.length)

    @property
    def tokens_per_step(self) -> int:
        """Tokens in a global batch."""
        return self.batch_sequences * self.packed.length

    @property
    def flops_per_token(self) -> float:
        """Training FLOPs of one token."""
        return self.config.model.training_flops_per_token(self.packed.vocab_size, self.packed.length)

    def build(self) -> Any:
        """The network with the fresh weights of the run's seed."""
        import torch

        torch.manual_seed(self.config.seed)
        return self.config.model.build(self.packed.vocab_size, self.packed.length, self.packed.end)

    def checkpoints_at(self, step: int) -> bool:
        """Whether a checkpoint is written after `step` steps."""
        every = self.config.checkpoint_every_steps or min(200, max(10, self.steps // 10))
        return step % every == 0 or step == self.steps

    def evaluates_at(self, step: int) -> bool:
        """Whether the held-out documents are evaluated after `step` steps."""
        return self.held_out is not None and (step % self.config.evaluate_every_steps == 0 or step == self.steps)

    def records_at(self, step: int) -> bool:
        """Whether metrics are recorded after `step` steps."""
        every = max(1, self.steps // RECORDS)
        return step % every == 0 or self.checkpoints_at(step) or self.evaluates_at(step)


@dataclass
class Tally:
    """What this worker has summed up since its last record: nats, scored targets and steps."""

    waited_before: float
    nats: Any = 0.0
    targets: Any = 0
    steps: int = 0
    started: float = field(default_factory=time.perf_counter)


@dataclass
class Worker:
    """One of the training processes: its engine, its place among the others and, on rank 0, the journal."""

    job: Job
    store: Store
    engine: "DeepSpeedEngine"
    share: Share
    held_out: list[WindowBatch]
    journal: metrics.Journal | None


@storage_told()
def work(arguments: dict[str, Any]) -> None:
    """Trains `arguments["job"]` to its end, in every worker of a Ray Train run."""
    import ray.train

    job: Job = arguments["job"]
    context = ray.train.get_context()
    rank, world = context.get_world_rank(), context.get_world_size()
    set_threads(job.config.threads, context.get_local_world_size())
    store = Store(job.folder)
    engine, first_step = _open_engine(job, store, rank, world)
    journal = metrics.Journal(store, first_step) if rank == 0 else None
    share = Share(job.batch_sequences, rank, world)
    worker = Worker(job, store, engine, share, _held_out_share(job, rank, world), journal)
    _train(worker, np.load(store.filesystem.open(store.path(PLAN))), first_step)
    weights = checkpoint.full_weights(engine, rank)
    if journal is not None:
        journal.flush()
        export(job.build(), weights, job.tokenizer_files, store)


def _open_engine(job: Job, store: Store, rank: int, world: int) -> tuple["DeepSpeedEngine", int]:
    """The engine and the step it stands at: that of the newest whole checkpoint, or 0."""
    network = job.build()
    step = _agreed(checkpoint.newest_whole_step(store) if rank == 0 else None, world)
    if step is None:
        if job.config.start is not None:
            load_weights(network, job.config.start)
        return start(network, job.config, job.packed.length), 0
    names = {key for key, _ in network.named_parameters()}
    for part in checkpoint.parts(store, step):
        network.load_state_dict({key: part[key] for key in names & part.keys()}, strict=False)
    engine = start(network, job.config, job.packed.length)
    checkpoint.restore(engine, job.config.objective, checkpoint.parts(store, step), step, rank, world)
    return engine, step


def _agreed(newest: int | None, world: int) -> int | None:
    """The newest step that rank 0 sees: on a network file system the ranks may see different ones for a while."""
    import torch.distributed

    seen = [newest]
    if world > 1:
        torch.distributed.broadcast_object_list(seen, src=0)
    return seen[0]


def _train(worker: Worker, plan: IntArray, first_step: int) -> None:
    job = worker.job
    with Prefetch(worker.job.packed, plan, worker.share, first_step, job.steps) as batches:
        tally = Tally(batches.waited_seconds)
        for step, batch in enumerate(batches, start=first_step + 1):
            _step(worker, batch, step, tally)
            if job.records_at(step):
                record = _record(worker, step, tally, batches.waited_seconds - tally.waited_before)
                _announce(worker, step, record)
                tally = Tally(batches.waited_seconds)


def _step(worker: Worker, batch: Batch, step: int, tally: Tally) -> None:
    """One optimizer step, the `step`-th; its rate and randomness depend on the step and its sequences alone."""
    import torch

    job, engine, objective = worker.job, worker.engine, worker.job.config.objective
    set_learning_rate(engine, job.config.learning_rate_at(step - 1, job.steps))
    micro = job.config.micro_batch(job.packed.length)
    targets = micro * objective.targets_per_sequence(job.packed.length)
    for part in batch.parts(micro):
        tokens_BT = torch.from_numpy(part.tokens_BT).to(engine.device, non_blocking=True)
        scored_BT = torch.from_numpy(part.scored_BT).to(engine.device, non_blocking=True)
        keys_B = sequence_keys(job.config.seed, step, part.numbers)
        predicted = objective.predict(engine, tokens_BT, scored_BT, keys_B)
        nats = predicted.nats_B().sum()
        # Divided by the targets that there could be, not by those scored: the gradient is then the same however a
        # batch is cut up.
        engine.backward(nats / targets)
        engine.step()
        tally.nats = tally.nats + nats.detach()
        tally.targets = tally.targets + predicted.counts_B().sum()
    tally.steps += 1


def _record(worker: Worker, step: int, tally: Tally, waited_seconds: float) -> metrics.Record:
    """The metrics of the steps since the last record, over all workers; all ranks call it together."""
    import torch
    from torch import distributed

    sums = torch.tensor([float(tally.nats), float(tally.targets), waited_seconds], dtype=torch.float64)
    sums = sums.to(worker.engine.device)
    distributed.all_reduce(sums)
    nats, targets, waited = sums.tolist()
    seconds = time.perf_counter() - tally.started
    job, world = worker.job, worker.share.world
    tokens_per_second = tally.steps * job.tokens_per_step / seconds
    peak = peak_flops()
    bits = _held_out_bits(worker) if job.evaluates_at(step) else None
    return {
        "step": step,
        "tokens": step * job.tokens_per_step,
        "flops": step * job.tokens_per_step * job.flops_per_token,
        "seconds": seconds + (worker.journal.seconds if worker.journal else 0.0),
        "loss": nats / targets,
        "learning_rate": job.config.learning_rate_at(step - 1, job.steps),
        "tokens_per_second": tokens_per_second,
        "model_flops_utilization": tokens_per_second * job.flops_per_token / (peak * world) if peak else None,
        "data_wait_share": waited / world / seconds,
        "held_out_bits_per_byte": bits,
    }


def _announce(worker: Worker, step: int, record: metrics.Record) -> None:
    """The record is in the journal; with an evaluation or a checkpoint Ray Train hears of it; all ranks together."""
    import ray.train

    if worker.journal:
        worker.journal.add(record)
    if worker.job.checkpoints_at(step):
        if worker.journal:
            worker.journal.flush()
        checkpoint.save(worker.engine, worker.store, step, worker.share.rank, worker.share.world)
        if worker.journal:
            checkpoint.prune(worker.store, worker.job.config.keep)
        with tempfile.TemporaryDirectory() as scratch:
            pointer = {"checkpoint": checkpoint.name(step)}
            Path(scratch, "pointer.json").write_text(json.dumps(pointer))
            ray.train.report(record, checkpoint=ray.train.Checkpoint(scratch) if worker.journal else None)
    elif worker.job.evaluates_at(step):
        ray.train.report(record)


def _held_out_share(job: Job, rank: int, world: int) -> list[WindowBatch]:
    """This rank's batches of held-out windows; every rank gets as many, some of them with nothing scored."""
    if job.held_out is None:
        return []
    length = job.packed.length
    batch_tokens = job.config.micro_batch(length) * length
    batches = window_batches(job.held_out.documents, job.packed.end, length, batch_tokens)
    nothing = dataclasses.replace(batches[-1], scored_BT=np.zeros_like(batches[-1].scored_BT))
    return (batches + [nothing] * (-len(batches) % world))[rank::world]


def _held_out_bits(worker: Worker) -> float:
    """Bits per byte of the held-out documents; all ranks call it together."""
    import torch
    from torch import distributed

    engine, job = worker.engine, worker.job
    engine.eval()
    nats = sum(window_nats(engine, job.config.objective, batch).sum() for batch in worker.held_out)
    engine.train()
    total = torch.tensor([float(nats)], dtype=torch.float64, device=engine.device)
    distributed.all_reduce(total)
    return bits_per_byte(total.item(), job.held_out.text_bytes if job.held_out else 0)
