"""Optimizer: AdamW as every training uses it."""

from typing import TYPE_CHECKING, Any

from training.config import TrainingConfig

if TYPE_CHECKING:
    import torch


def adamw(network: Any, config: TrainingConfig) -> "torch.optim.Optimizer":
    """AdamW over the weights of the network: matrices decay, gains and biases do not."""
    import torch

    weights = [weight for weight in network.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in weights if weight.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [weight for weight in weights if weight.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas, fused=True)
