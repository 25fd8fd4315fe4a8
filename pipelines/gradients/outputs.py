"""Outputs: the number that a model says of a token, and how it changes with the logits.

Legend of shapes: B sequences, S places, V tokens of the vocabulary.
"""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Output = Literal["margin", "loss"]


def output_gradient(
    output: Output, logits_BSV: "torch.Tensor", targets_BS: "torch.Tensor", weights_BS: "torch.Tensor"
) -> "torch.Tensor":
    """(B, S, V) gradient by the logits of the outputs of the targets, summed with these weights.

    `margin` is log p / (1 - p) of the target, the multiclass margin of TRAK (section 2); `loss` is -log p. Both are
    written down, as 1 for the target and minus the softmax of the others, and as the softmax with 1 less at the target,
    so a target that is all but certain makes no difference of infinite numbers.
    """
    at_target = targets_BS.unsqueeze(-1)
    logits_BSV = logits_BSV.float()
    if output == "margin":
        gradient_BSV = -logits_BSV.scatter(-1, at_target, -float("inf")).softmax(-1)
    else:
        gradient_BSV = logits_BSV.softmax(-1)
    sign = 1.0 if output == "margin" else -1.0
    gradient_BSV.scatter_add_(-1, at_target, gradient_BSV.new_full(at_target.shape, sign))
    return gradient_BSV.mul_(weights_BS.unsqueeze(-1))


def doubt(logits_BSV: "torch.Tensor", targets_BS: "torch.Tensor", weights_BS: "torch.Tensor") -> "torch.Tensor":
    """(B,) 1 - p of the targets, summed with these weights: how much the loss falls as their margins rise."""
    logits_BSV = logits_BSV.float()
    log_p_BS = logits_BSV.gather(-1, targets_BS.unsqueeze(-1)).squeeze(-1) - logits_BSV.logsumexp(-1)
    doubt_B: torch.Tensor = (-log_p_BS.expm1() * weights_BS).sum(-1)
    return doubt_B
