"""Causal: every token from those before it.

Legend of shapes: B sequences, T tokens in a sequence, P of them predicted, V vocabulary.
"""

from typing import TYPE_CHECKING, Any

from training.contracts import Keys, Objective, Predictions

if TYPE_CHECKING:
    import torch


class Causal(Objective):
    """The next token, at every position of a sequence; its first has no context, so it is none of the targets."""

    def targets_per_sequence(self, length: int) -> float:
        """All but the first."""
        return length - 1

    def predict(self, network: Any, tokens_BT: "torch.Tensor", scored_BT: "torch.Tensor", keys_B: Keys) -> Predictions:
        """The T - 1 tokens behind the first; nothing is random."""
        import torch

        logits_BPV = network(input_ids=tokens_BT, use_cache=False).logits[:, :-1]
        places_BP = torch.arange(1, tokens_BT.shape[1], device=tokens_BT.device).expand(len(tokens_BT), -1)
        return Predictions.of(logits_BPV, places_BP, tokens_BT, scored_BT)
