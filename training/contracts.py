"""The vocabulary of the training floor: the families of models and curricula, and what a run is measured on.

Legend of shapes: B sequences, T tokens in a sequence, V tokens in the vocabulary, N sequences in the packed data.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from pipelines.contracts.codec import Codec
from pipelines.contracts.component import Component

if TYPE_CHECKING:
    import torch

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
Tokens = npt.NDArray[np.unsignedinteger[Any]]


class Model(Component):
    """A family of language models: how one is built, what a token costs, and what it is trained to predict."""

    family: ClassVar[str] = "training.models"

    def check_codec(self, codec: Codec) -> None:
        """Raises ValueError with the cure where the model cannot be trained on this codec's tokens; most take any."""

    def build(self, vocab_size: int, length: int, end: int) -> Any:
        """A transformers model with fresh weights drawn from torch's current generator, for sequences of `length`."""
        raise NotImplementedError

    def parameters(self, vocab_size: int) -> int:
        """How many weights the model has, each counted once (tied embeddings are one matrix)."""
        raise NotImplementedError

    def training_flops_per_token(self, vocab_size: int, length: int) -> float:
        """Floating-point operations of one forward and backward pass, divided by the tokens in it."""
        raise NotImplementedError

    def forward_flops_per_token(self) -> float:
        """Floating-point operations of a forward pass for a token, as arXiv 2404.03626 counts them.

        That is 2 for each weight that belongs to no token of the vocabulary; attention and logits are left out.
        """
        return 2.0 * self.parameters(0)

    def nats(self, network: Any, tokens_BT: "torch.Tensor", scored_BT: "torch.Tensor") -> "torch.Tensor":
        """The training objective: summed negative log-likelihood, a scalar, over the positions that are `scored`.

        By default that of the next token; the first of a sequence has no context.
        """
        import torch

        logits_BTV = network(input_ids=tokens_BT, use_cache=False).logits[:, :-1]
        targets_BT = tokens_BT[:, 1:].masked_fill(~scored_BT[:, 1:], -100)
        return torch.nn.functional.cross_entropy(
            logits_BTV.flatten(0, 1).float(), targets_BT.flatten(), ignore_index=-100, reduction="sum"
        )


class Curriculum(Component):
    """In which order the sequences are trained on."""

    family: ClassVar[str] = "training.curricula"

    def plan(self, buckets: npt.NDArray[np.uint8], draws: int, seed: int) -> IntArray:
        """(draws,) sequence numbers in training order, given the (N,) difficulty of each, 0 easiest; pure."""
        raise NotImplementedError


@dataclass(frozen=True)
class HeldOut:
    """Encoded documents that the model is measured on while it trains, and how many UTF-8 bytes their text has."""

    documents: tuple[Tokens, ...]
    text_bytes: int

    def __post_init__(self) -> None:
        if not self.documents or self.text_bytes <= 0:
            raise ValueError("held-out data needs a document with text; give a held_out source that has rows")
