"""Small networks trained in this process: lower loss, the same bits, steps of a stated length."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.contracts.mistakes import Mistake
from pipelines.inference.losses import network_losses
from pipelines.inference.windows import Window
from training.config import TrainingConfig
from training.engine.in_process import fresh_network, sequences, step_down, train_in_process

SETTINGS = TrainingConfig(tokens=4_096, batch_tokens=256, learning_rate=0.01)
WINDOWS = [Window(row, [0, *range(5 + row, 40 - row)], 1) for row in range(6)]


def weights_of(network: Any) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


def test_training_lowers_the_loss_and_gives_the_same_bits_again(tiny_llama: Path) -> None:
    rows = np.tile(np.arange(3, 35), (20, 1)) + np.arange(20)[:, None]
    networks = [fresh_network(str(tiny_llama), seed) for seed in (0, 0, 1)]
    assert torch.equal(weights_of(networks[0]), weights_of(networks[1]))
    assert not torch.equal(weights_of(networks[0]), weights_of(networks[2]))
    before = network_losses(networks[0], 1_024)(WINDOWS).sum()
    for network in networks[:2]:
        train_in_process(network, rows, SETTINGS)
    assert torch.equal(weights_of(networks[0]), weights_of(networks[1]))
    assert network_losses(networks[0], 1_024)(WINDOWS).sum() < before / 2
    assert not networks[0].training


@pytest.mark.parametrize("batch_tokens", [40, 10_000])
def test_a_step_goes_down_and_is_as_long_as_told(tiny_llama: Path, batch_tokens: int) -> None:
    network = fresh_network(str(tiny_llama), 0).eval()
    before, weights = network_losses(network, 1_024)(WINDOWS).sum(), weights_of(network)
    step_down(network, WINDOWS, 1e-3, batch_tokens)
    moved = (weights_of(network) - weights).norm() / weights.norm()
    assert float(moved) == pytest.approx(1e-3, rel=1e-3)
    assert network_losses(network, 1_024)(WINDOWS).sum() < before
    assert all(weight.grad is None for weight in network.parameters())


def test_how_a_group_is_cut_into_batches_changes_only_rounding(tiny_llama: Path) -> None:
    stepped = []
    for batch_tokens in (40, 10_000):
        network = fresh_network(str(tiny_llama), 0).eval()
        step_down(network, WINDOWS, 1e-2, batch_tokens)
        stepped.append(weights_of(network))
    torch.testing.assert_close(*stepped, rtol=1e-4, atol=1e-6)


def test_sequences_are_the_texts_one_behind_the_other() -> None:
    found = sequences([[1, 2, 3], [4], [5, 6, 7, 8]], 3)
    assert found.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize("texts", [[], [[1, 2]]])
def test_too_little_text_is_told(texts: list[list[int]]) -> None:
    with pytest.raises(Mistake, match=f"{len(texts)} texts have {sum(map(len, texts))} tokens together"):
        sequences(texts, 3)
