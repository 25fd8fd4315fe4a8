"""Loop: when what is done, who reads which windows, and a step that is the same however its batch is cut up."""

import time
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.packing.packed import Packed
from pipelines.store.store import Store
from training.config import TrainingConfig
from training.contracts import HeldOut, Keys, Model, Objective, Predictions
from training.engine.batches import Share, batch
from training.engine.deepspeed import start
from training.engine.loop import Job, Tally, Worker, _held_out_share, _record, _step
from training.held_out.windows import window_batches
from training.measures.bits_per_byte import evaluate
from training.objectives.causal import Causal

CONFIG = {"model": {"kind": "llama", "layers": 1, "hidden": 32}, "batch_tokens": 256, "tokens": 256 * 10, "threads": 1}
HELD_OUT = HeldOut(tuple(np.arange(1, size, dtype=np.uint32) % 63 + 1 for size in (90, 3, 40, 7, 7)), 300)
PLAN = np.arange(80) * 7 % 120


class Chosen(Objective):
    """The next token at about half of the places, another half for every key."""

    def targets_per_sequence(self, length: int) -> float:
        return (length - 1) / 2

    def predict(self, network: Any, tokens_BT: torch.Tensor, scored_BT: torch.Tensor, keys_B: Keys) -> Predictions:
        chosen_BT = np.stack([np.random.default_rng(key).random(tokens_BT.shape[1]) < 0.5 for key in keys_B])
        return Causal().predict(network, tokens_BT, scored_BT & torch.from_numpy(chosen_BT), keys_B)


def job(packed: Packed, held_out: HeldOut | None = None, **changes: Any) -> Job:
    return Job(packed, {}, TrainingConfig.model_validate(CONFIG | changes), held_out, "nowhere")


def test_a_run_is_so_many_steps(packed: Packed) -> None:
    assert job(packed).steps == 10
    assert job(packed, tokens=256 * 10 + 1).steps == 11
    assert (job(packed).batch_sequences, job(packed).tokens_per_step) == (8, 256)


def test_checkpoints_and_evaluations_come_at_their_steps_and_at_the_end(packed: Packed) -> None:
    spec = job(packed, HELD_OUT, checkpoint_every_steps=4, evaluate_every_steps=3)
    assert [step for step in range(1, 11) if spec.checkpoints_at(step)] == [4, 8, 10]
    assert [step for step in range(1, 11) if spec.evaluates_at(step)] == [3, 6, 9, 10]
    assert not any(job(packed, evaluate_every_steps=3).evaluates_at(step) for step in range(1, 11))


@pytest.mark.parametrize(("steps", "apart"), [(10, 10), (123, 12), (5_000, 200)])
def test_a_run_that_names_no_steps_has_about_ten_checkpoints_or_one_in_200_steps(
    packed: Packed, steps: int, apart: int
) -> None:
    spec = job(packed, tokens=256 * steps)
    assert [step for step in range(1, steps) if spec.checkpoints_at(step)] == list(range(apart, steps, apart))


def test_every_step_of_a_short_run_is_recorded_and_a_thousand_of_a_long_one(packed: Packed) -> None:
    assert all(job(packed).records_at(step) for step in range(1, 11))
    spec = job(packed, HELD_OUT, tokens=256 * 4_500, checkpoint_every_steps=1_001, evaluate_every_steps=1_333)
    recorded = {step for step in range(1, 4_501) if spec.records_at(step)}
    extra = {1_001, 2_002, 3_003, 4_004, 1_333, 2_666, 3_999, 4_500}
    assert recorded == set(range(4, 4_501, 4)) | extra


@pytest.mark.parametrize("world", [1, 2, 3, 8])
@pytest.mark.parametrize("micro", [1, 2])
def test_the_ranks_together_read_every_window_once(packed: Packed, world: int, micro: int) -> None:
    config = TrainingConfig.model_validate(CONFIG | {"micro_batch_sequences": micro})
    shares = [_held_out_share(Job(packed, {}, config, HELD_OUT, ""), rank, world) for rank in range(world)]
    assert len({len(share) for share in shares}) == 1  # or one of them would wait for the others for ever
    read = [
        (document, tokens_T[scored_T].tolist())
        for share in shares
        for each in share
        for document, tokens_T, scored_T in zip(each.documents.tolist(), each.tokens_BT, each.scored_BT, strict=True)
        if scored_T.any()
    ]
    expected = [
        (document, tokens_T[scored_T].tolist())
        for each in window_batches(HELD_OUT.documents, packed.end, packed.length, packed.length)
        for document, tokens_T, scored_T in zip(each.documents.tolist(), each.tokens_BT, each.scored_BT, strict=True)
    ]
    assert sorted(read) == sorted(expected)


def test_without_held_out_text_there_is_nothing_to_read(packed: Packed) -> None:
    assert _held_out_share(job(packed), 0, 2) == []


class Accumulating:
    """What a step asks of DeepSpeed's engine; gradients of ranks and micro-batches add up to their mean."""

    device = torch.device("cpu")

    def __init__(self, network: torch.nn.Module, passes: int) -> None:
        self.network, self.passes = network, passes
        self.optimizer = torch.optim.AdamW(network.parameters())

    def __call__(self, **inputs: Any) -> Any:
        return self.network(**inputs)

    def backward(self, loss: torch.Tensor) -> None:
        (loss / self.passes).backward()

    def step(self) -> None:
        pass


def worker(spec: Job, engine: Any, rank: int, world: int) -> Worker:
    share = Share(spec.batch_sequences, rank, world)
    return Worker(spec, Store("nowhere"), engine, share, _held_out_share(spec, rank, world), None)


def one_step(packed: Packed, objective: Objective, workers: int, micro: int) -> tuple[torch.Tensor, float, int]:
    """The gradient of a step, its summed nats and its targets, taken by so many workers one after the other."""
    torch.set_num_threads(1)
    spec = job(packed, workers=workers, micro_batch_sequences=micro, objective=objective, seed=3)
    engine = Accumulating(spec.build(), spec.batch_sequences // micro)
    tally = Tally(0.0)
    for rank in range(workers):
        each = worker(spec, engine, rank, workers)
        _step(each, batch(packed, PLAN, 4, each.share), 5, tally)
    gradient = torch.cat([weight.grad.flatten() for weight in engine.network.parameters()])
    return gradient, float(tally.nats), int(tally.targets)


@pytest.mark.parametrize("objective", [Causal(), Chosen()], ids=["causal", "random"])
@pytest.mark.parametrize(("workers", "micro"), [(1, 1), (1, 2), (2, 4), (2, 2), (4, 1), (8, 1)])
def test_a_step_is_the_same_for_any_workers_and_micro_batches(
    packed: Packed, objective: Objective, workers: int, micro: int
) -> None:
    gradient, nats, targets = one_step(packed, objective, workers, micro)
    expected, expected_nats, expected_targets = one_step(packed, objective, 1, 8)
    assert targets == expected_targets
    assert nats == pytest.approx(expected_nats, rel=1e-6)
    assert torch.allclose(gradient, expected, rtol=1e-3, atol=1e-5 * expected.abs().max().item())


def test_padding_makes_the_others_of_its_batch_weigh_no_more(packed: Packed) -> None:
    """The last row of a shard is padded; its sequences' gradients are as in a batch that has no padding."""
    plan = np.array([39, 0, 1, 2, 3, 4, 5, 6])
    spec = job(packed, micro_batch_sequences=2)
    engine = Accumulating(spec.build(), 4)
    _step(worker(spec, engine, 0, 1), batch(packed, plan, 0, Share(8, 0, 1)), 1, Tally(0.0))
    network = spec.build()
    rows = batch(packed, plan, 0, Share(8, 0, 1))
    tokens_BT, scored_BT = torch.from_numpy(rows.tokens_BT), torch.from_numpy(rows.scored_BT)
    predicted = Causal().predict(network, tokens_BT, scored_BT, np.zeros(8, np.uint64))
    (predicted.nats_B().sum() / (8 * (packed.length - 1))).backward()
    for found, expected in zip(engine.network.parameters(), network.parameters(), strict=True):
        assert found.grad is not None
        assert expected.grad is not None
        assert torch.allclose(found.grad, expected.grad, rtol=1e-3, atol=1e-6)


def trained(packed: Packed, micro: int, steps: int = 4) -> tuple[Worker, Tally]:
    """A worker on its own after so many steps of a real engine."""
    torch.set_num_threads(1)
    spec = job(packed, HELD_OUT, micro_batch_sequences=micro, objective=Chosen())
    one = worker(spec, start(spec.build(), spec.config, packed.length), 0, 1)
    tally = Tally(0.0)
    for step in range(steps):
        _step(one, batch(packed, PLAN, step, one.share), step + 1, tally)
    return one, tally


def test_an_engine_learns_the_same_from_any_micro_batches(process_group: None, packed: Packed) -> None:
    (whole, whole_tally), (parts, parts_tally) = trained(packed, 8), trained(packed, 2)
    assert int(whole_tally.targets) == int(parts_tally.targets)
    assert float(whole_tally.nats) == pytest.approx(float(parts_tally.nats), rel=1e-5)
    for one, other in zip(whole.engine.module.parameters(), parts.engine.module.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_a_record_says_what_has_been_trained_and_measures_the_model(process_group: None, packed: Packed) -> None:
    torch.set_num_threads(1)
    spec = job(packed, HELD_OUT, evaluate_every_steps=2)
    one = worker(spec, start(spec.build(), spec.config, packed.length), 0, 1)
    tally = Tally(0.0, started=time.perf_counter() - 2.0)
    for step in range(2):
        _step(one, batch(packed, PLAN, step, one.share), step + 1, tally)
    record = _record(one, 2, tally, waited_seconds=1.0)
    assert (record["step"], record["tokens"]) == (2, 512)
    assert record["loss"] == pytest.approx(float(tally.nats) / (2 * 8 * 31), rel=0.02)  # a row may be padded
    assert record["loss"] == pytest.approx(np.log(packed.vocab_size), rel=0.1)
    assert record["flops"] == 512 * spec.flops_per_token
    assert record["seconds"] >= 2.0
    assert record["tokens_per_second"] == pytest.approx(512 / record["seconds"], rel=0.1)
    assert 0.0 < record["data_wait_share"] <= 0.5
    assert record["learning_rate"] == spec.config.learning_rate_at(1, 10)
    sizes = np.array([300, 0, 0, 0, 0])
    measured = evaluate(one.engine.module, Causal(), HELD_OUT.documents, sizes)
    assert record["held_out_bits_per_byte"] == pytest.approx(measured.whole.bits_per_byte, rel=1e-5)
    assert one.engine.module.training
    assert _record(one, 1, tally, 0.0)["held_out_bits_per_byte"] is None


def test_an_objective_that_leaves_tokens_out_gives_no_bits_per_byte(packed: Packed) -> None:
    network = Model.model_validate(CONFIG["model"]).build(64, 32, 0)
    with pytest.raises(ValueError, match=r"tells \d+ of the 11 tokens .* measure the model with an objective"):
        evaluate(network, Chosen(), [np.arange(1, 11, dtype=np.uint32)], np.array([10]))
