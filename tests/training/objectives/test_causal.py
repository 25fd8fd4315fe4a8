"""Causal: against the slow sum over tokens, each from those before it."""

import numpy as np
import pytest
import torch

from training.models.llama import Llama
from training.objectives.causal import Causal
from training.randomness import sequence_keys

KEYS = sequence_keys(0, 0, np.arange(2))
TOKENS = torch.randint(0, 50, (2, 8), generator=torch.Generator().manual_seed(0))
EVERY = torch.ones_like(TOKENS, dtype=torch.bool)


def nats(network: object, tokens_BT: torch.Tensor, scored_BT: torch.Tensor) -> list[float]:
    with torch.no_grad():
        found: list[float] = Causal().predict(network, tokens_BT, scored_BT, KEYS).nats_B().tolist()
    return found


@pytest.fixture
def network() -> object:
    torch.manual_seed(0)
    return Llama(layers=1, hidden=32).build(50, 8, 0)


def test_a_token_is_told_from_those_before_it(network: torch.nn.Module) -> None:
    expected = []
    with torch.no_grad():
        for row in TOKENS:
            told = [network(row[None, :place]).logits[0, -1].log_softmax(-1)[row[place]] for place in range(1, 8)]
            expected.append(-sum(float(each) for each in told))
    assert nats(network, TOKENS, EVERY) == pytest.approx(expected, rel=1e-5)


def test_scored_parts_add_up(network: object) -> None:
    first_BT = EVERY.clone()
    first_BT[:, 4:] = False
    parts = np.add(nats(network, TOKENS, first_BT), nats(network, TOKENS, ~first_BT))
    assert nats(network, TOKENS, EVERY) == pytest.approx(parts, rel=1e-5)


def test_padding_is_not_learned_from(network: object) -> None:
    padded_BT = TOKENS.clone()
    padded_BT[:, 4:] = 0
    scored_BT = EVERY.clone()
    scored_BT[:, 4:] = False
    assert nats(network, padded_BT, scored_BT) == pytest.approx(nats(network, TOKENS[:, :4], EVERY[:, :4]), rel=1e-5)
