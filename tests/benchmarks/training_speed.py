"""Training tokens a second through Ray Train and DeepSpeed against a bare PyTorch loop of the same model.

    python tests/benchmarks/training_speed.py [--layers 4] [--length 256] [--batch-tokens 4096] [--steps 60]
        [--rounds 2] [--zero-stage 0] [--precision fp32] [--micro-batch-sequences 16]

Both sides train on the same sequences with the same threads, optimizer, clipping and schedule, in turns, and have to
come to the same loss. A side's speed is that of the median step after the first tenth of its steps, over all rounds.
The machine has to be idle otherwise: beside other work the figures say nothing.
Prints a table and ends with one JSON line.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import BUCKET, SEQUENCE
from pipelines.packing.packed import Packed
from pipelines.store.store import Store, digest
from training.config import TrainingConfig
from training.engine import metrics

VOCAB, SEQUENCES, BAR = 2_000, 2_000, 0.9


def main() -> None:
    """Measures both sides in turns and prints what share of the bare loop's tokens a second is left."""
    arguments = parse_arguments()
    os.environ.setdefault("RAY_DEDUP_LOGS", "1")
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    config = make_config(arguments)
    sides: dict[str, list[float]] = {"bare PyTorch": [], "Ray Train + DeepSpeed": []}
    utilization = []
    with tempfile.TemporaryDirectory() as folder:
        packed = make_packed(Path(folder) / "data", arguments.length)
        for number in range(arguments.rounds):
            bare, bare_loss = ray.get(ray.remote(max_calls=1, num_gpus=config.gpus)(bare_loop).remote(packed, config))
            ours, loss, used = trained(packed, config, f"{folder}/run-{number}")
            np.testing.assert_allclose(loss, bare_loss, rtol=0.02 if config.precision == "bf16" else 1e-3)
            sides["bare PyTorch"] += bare
            sides["Ray Train + DeepSpeed"] += ours
            utilization += used
    report(arguments, config, sides, utilization)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden", type=int)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--batch-tokens", type=int, default=4_096)
    parser.add_argument("--micro-batch-sequences", type=int)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--zero-stage", type=int, default=0)
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--gpus", type=float, default=0)
    return parser.parse_args()


def make_config(arguments: argparse.Namespace) -> TrainingConfig:
    """One worker on all cores or on one GPU."""
    return TrainingConfig.model_validate(
        {
            "model": {"kind": "llama", "layers": arguments.layers, "hidden": arguments.hidden},
            "tokens": arguments.steps * arguments.batch_tokens,
            "batch_tokens": arguments.batch_tokens,
            "micro_batch_sequences": arguments.micro_batch_sequences,
            "zero_stage": arguments.zero_stage,
            "precision": arguments.precision,
            "gpus": arguments.gpus,
            "checkpoint_every_steps": 1_000_000,
        }
    )


def make_packed(folder: Path, length: int) -> Packed:
    """Random sequences: what is in them does not matter to speed."""
    store = Store(str(folder))
    tokens = np.random.default_rng(0).integers(1, VOCAB, (SEQUENCES, length), dtype=np.uint16)
    column = pa.FixedSizeListArray.from_arrays(pa.array(tokens.ravel()), length)
    table = pa.table({SEQUENCE: column, BUCKET: pa.array(np.zeros(SEQUENCES), pa.uint8())})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    data = sink.getvalue().to_pybytes()
    store.write("packed/part-0.arrow", data)
    shard = ("packed/part-0.arrow",), (SEQUENCES,), (digest(data),)
    return Packed(store, "packed", *shard, length, VOCAB, 0, tokens.size, tokens.size)


def trained(packed: Packed, config: TrainingConfig, folder: str) -> tuple[list[float], float, list[float]]:
    """Seconds of each steady step, the final loss, and the model FLOPs utilizations where a peak is known."""
    from training.engine.train import train

    result = train(packed, {}, config, None, folder)
    records = metrics.read(Store(folder))
    steady = records[len(records) // 10 :]
    used = [record["model_flops_utilization"] for record in steady if record["model_flops_utilization"] is not None]
    return [config.batch_tokens / record["tokens_per_second"] for record in steady], result.final_loss, used


def bare_loop(packed: Packed, config: TrainingConfig) -> tuple[list[float], float]:
    """Seconds of each steady step and the final loss of a plain loop over the same batches, in a process of its own."""
    import torch

    from training.engine.accelerators import has_gpu, set_threads
    from training.engine.batches import Share, batch
    from training.randomness import sequence_keys

    set_threads(config.threads, 1)
    device = "cuda" if has_gpu() else "cpu"
    torch.manual_seed(config.seed)
    network = config.model.build(packed.vocab_size, packed.length, packed.end).to(device)
    matrices = [weight for weight in network.parameters() if weight.ndim >= 2]
    gains = [weight for weight in network.parameters() if weight.ndim < 2]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": gains, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas, fused=True)
    steps, share = config.steps(packed.length), Share(config.batch_sequences(packed.length), 0, 1)
    plan = config.curriculum.plan(packed.buckets(), steps * share.sequences, config.seed)
    micro, seconds = config.micro_batch(packed.length), []
    for step in range(steps):
        started = time.perf_counter()
        rows = batch(packed, plan, step, share)
        keys_B = sequence_keys(config.seed, step + 1, rows.numbers)
        total = 0.0
        for first in range(0, share.sequences, micro):
            tokens_BT = torch.from_numpy(rows.tokens_BT[first : first + micro]).to(device)
            scored_BT = torch.from_numpy(rows.scored_BT[first : first + micro]).to(device)
            with torch.autocast(device, torch.bfloat16, enabled=config.precision == "bf16"):
                predicted = config.objective.predict(network, tokens_BT, scored_BT, keys_B[first : first + micro])
                nats = predicted.nats_B().sum()
            (nats / (share.sequences * config.objective.targets_per_sequence(packed.length))).backward()
            total += nats.detach()
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate_at(step, steps)
        optimizer.step()
        optimizer.zero_grad()
        loss = float(total) / (share.sequences * (packed.length - 1))
        seconds.append(time.perf_counter() - started)
    return seconds[steps // 10 :], loss


def report(
    arguments: argparse.Namespace, config: TrainingConfig, sides: dict[str, list[float]], utilization: list[float]
) -> None:
    """The table and the JSON line."""
    speeds = {side: config.batch_tokens / statistics.median(seconds) for side, seconds in sides.items()}
    share = speeds["Ray Train + DeepSpeed"] / speeds["bare PyTorch"]
    weights = config.model.parameters(VOCAB)
    print(f"{weights:,} weights, {config.batch_tokens} tokens a step, {len(sides['bare PyTorch'])} steps a side")
    for side, speed in speeds.items():
        print(f"{side:24} {speed:12,.0f} tokens/s")
    used = statistics.median(utilization) if utilization else None
    print(f"share {share:.3f}, bar {BAR}; model FLOPs utilization {used if used is None else round(used, 3)}")
    results = {"tokens_per_second": speeds, "share": share, "model_flops_utilization": used, "parameters": weights}
    print(json.dumps({"benchmark": "training", "settings": vars(arguments), "results": results}))


if __name__ == "__main__":
    main()
