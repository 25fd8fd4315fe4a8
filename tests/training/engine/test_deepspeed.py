"""The engine and its checkpoints in one process: every ZeRO stage and precision goes on exactly where it stood."""

from typing import Any

import numpy as np
import pytest
import torch

from training.config import TrainingConfig
from training.engine import checkpoint
from training.engine.deepspeed import deepspeed_config, set_learning_rate, start
from training.randomness import sequence_keys

LENGTH, VOCAB = 32, 64
TOKENS = torch.randint(0, VOCAB, (8, LENGTH), generator=torch.Generator().manual_seed(0))


def config(stage: int, precision: str) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "model": {"kind": "llama", "layers": 2, "hidden": 32},
            "tokens": 5_120,
            "batch_tokens": 256,
            "micro_batch_sequences": 4,
            "zero_stage": stage,
            "precision": precision,
        }
    )


def losses(engine: Any, spec: TrainingConfig, steps: int) -> list[float]:
    set_learning_rate(engine, 1e-2)
    measured = []
    for _ in range(steps):
        for half_BT in TOKENS.split(4):
            scored_BT = torch.ones_like(half_BT, dtype=torch.bool)
            predicted = spec.objective.predict(engine, half_BT, scored_BT, sequence_keys(0, 0, np.arange(4)))
            loss = predicted.nats_B().sum() / half_BT.numel()
            engine.backward(loss)
            engine.step()
            measured.append(loss.item())
    return measured


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_three_steps_and_two_more_are_five(process_group: None, stage: int, precision: str) -> None:
    spec = config(stage, precision)
    torch.manual_seed(0)
    engine = start(spec.model.build(VOCAB, LENGTH, 0), spec, LENGTH)
    losses(engine, spec, 3)
    state = dict(checkpoint.full_state(engine, rank=0, world=1))
    undisturbed = losses(engine, spec, 2)

    network = spec.model.build(VOCAB, LENGTH, 0)
    network.load_state_dict({key: state[key] for key, _ in network.named_parameters()}, strict=False)
    again = start(network, spec, LENGTH)
    checkpoint.restore(again, spec.objective, [state], 3, rank=0, world=1)
    assert losses(again, spec, 2) == undisturbed


def test_a_state_taken_in_one_zero_stage_goes_on_in_another(process_group: None) -> None:
    torch.manual_seed(0)
    first = config(2, "fp32")
    engine = start(first.model.build(VOCAB, LENGTH, 0), first, LENGTH)
    losses(engine, first, 3)
    state = dict(checkpoint.full_state(engine, rank=0, world=1))
    undisturbed = losses(engine, first, 2)

    second = config(0, "fp32")
    network = second.model.build(VOCAB, LENGTH, 0)
    network.load_state_dict({key: state[key] for key, _ in network.named_parameters()}, strict=False)
    again = start(network, second, LENGTH)
    checkpoint.restore(again, second.objective, [state], 3, rank=0, world=1)
    assert losses(again, second, 2) == pytest.approx(undisturbed, rel=1e-5)


def test_gradient_accumulation_follows_from_workers_and_micro_batches() -> None:
    spec = TrainingConfig(tokens=10_000, batch_tokens=1_024, workers=2, micro_batch_sequences=2)
    assert deepspeed_config(spec, 128)["gradient_accumulation_steps"] == 2
