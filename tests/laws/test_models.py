"""Laws that every model family keeps; a new file of the family is tested the moment it exists."""

import numpy as np
import pytest
import torch

from pipelines.contracts.component import kinds
from training.contracts import Model, Objective
from training.randomness import sequence_keys

KINDS = kinds("training.models")
VOCAB, LENGTH, END = 257, 16, 256  # those of bytes, which one family reads alone


def model(kind: str) -> Model:
    return Model.model_validate({"kind": kind})


def objective_of(spec: Model) -> Objective:
    """One that trains models which read as this one does."""
    every = [Objective.model_validate({"kind": kind}) for kind in kinds("training.objectives")]
    return next(each for each in every if each.reads == spec.reads)


def tokens() -> torch.Tensor:
    return torch.randint(0, END, (3, LENGTH), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", KINDS)
def test_its_parameters_are_counted_right(kind: str) -> None:
    with torch.device("meta"):
        network = model(kind).build(VOCAB, LENGTH, END)
    assert sum(weight.numel() for weight in network.parameters()) == model(kind).parameters(VOCAB)
    assert 0 < model(kind).forward_flops_per_token() < 2 * model(kind).parameters(VOCAB)


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_the_weights(kind: str) -> None:
    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return torch.cat([weight.flatten() for weight in model(kind).build(VOCAB, LENGTH, END).parameters()])

    assert torch.equal(weights(3), weights(3))
    assert not torch.equal(weights(3), weights(4))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_in_it_is_random_while_it_trains(kind: str) -> None:
    spec, tokens_BT = model(kind), tokens()
    network = spec.build(VOCAB, LENGTH, END).train()
    predicted = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        scored_BT = torch.ones_like(tokens_BT, dtype=torch.bool)
        keys_B = sequence_keys(0, 0, np.arange(len(tokens_BT)))
        predicted.append(objective_of(spec).predict(network, tokens_BT, scored_BT, keys_B).logits_BPV)
    assert torch.equal(*predicted)


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns(kind: str) -> None:
    torch.set_num_threads(1)  # the model is too small to share
    spec, tokens_BT = model(kind), tokens()
    torch.manual_seed(0)
    network = spec.build(VOCAB, LENGTH, END)
    scored_BT = torch.ones_like(tokens_BT, dtype=torch.bool)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for step in range(12):
        keys_B = sequence_keys(0, step, np.arange(len(tokens_BT)))
        loss = objective_of(spec).predict(network, tokens_BT, scored_BT, keys_B).nats_B().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_usable_with_defaults_and_survives_a_round_trip(kind: str) -> None:
    spec = model(kind)
    assert Model.model_validate(spec.model_dump(mode="json")) == spec
    assert spec.training_flops_per_token(VOCAB, 2 * LENGTH) > spec.training_flops_per_token(VOCAB, LENGTH) > 0
