"""The vocabulary of the training floor: the families of models, objectives and curricula, and held-out data.

Legend of shapes: B sequences, T tokens in a sequence, P of them predicted, V tokens in the vocabulary, N sequences in
the packed data.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from pipelines.contracts.codec import Codec
from pipelines.contracts.component import Component
from pipelines.contracts.mistakes import Mistake

if TYPE_CHECKING:
    import torch

IntArray = npt.NDArray[np.int64]
Tokens = npt.NDArray[np.unsignedinteger[Any]]
Keys = npt.NDArray[np.uint64]
Reading = Literal["left to right", "both sides", "any order"]

IGNORED = -100  # the target where nothing is scored, by torch's convention


class Model(Component):
    """A family of language models: how one is built, what a token costs, and how it reads a sequence.

    Nothing in a network is random, dropout included: it would be drawn for a micro-batch, so that another way to cut
    a batch up would be another run. What is random belongs to the objective, which draws it for each sequence.
    """

    family: ClassVar[str] = "training.models"
    reads: ClassVar[Reading] = "left to right"

    def check_codec(self, codec: Codec) -> None:
        """Raises Mistake with the cure where the model cannot be trained on this codec's tokens; most take any."""

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


@dataclass(frozen=True)
class Predictions:
    """What a network says of P places of each sequence, and the tokens that stand there.

    The places of a sequence differ from each other. A target is IGNORED where it is not scored.
    """

    logits_BPV: "torch.Tensor"
    targets_BP: "torch.Tensor"
    places_BP: "torch.Tensor"

    @classmethod
    def of(
        cls,
        logits_BPV: "torch.Tensor",
        places_BP: "torch.Tensor",
        tokens_BT: "torch.Tensor",
        scored_BT: "torch.Tensor",
    ) -> Self:
        """The predictions whose targets are the tokens at the places, those that are scored."""
        targets_BP = tokens_BT.gather(1, places_BP).masked_fill(~scored_BT.gather(1, places_BP), IGNORED)
        return cls(logits_BPV, targets_BP, places_BP)

    def nats_B(self) -> "torch.Tensor":
        """(B,) summed negative log-likelihood of the targets of each sequence, doubles; 0 where there is none."""
        import torch

        losses_N = torch.nn.functional.cross_entropy(
            self.logits_BPV.flatten(0, 1).float(), self.targets_BP.flatten(), ignore_index=IGNORED, reduction="none"
        )
        return losses_N.view_as(self.targets_BP).double().sum(1)

    def counts_B(self) -> "torch.Tensor":
        """(B,) how many targets each sequence has."""
        return (self.targets_BP != IGNORED).sum(1)

    def hits_BT(self, length: int) -> "torch.Tensor":
        """(B, T) whether a token is a target that the network finds most probable."""
        import torch

        hits_BP = self.logits_BPV.argmax(-1) == self.targets_BP
        nowhere_BT = torch.zeros((len(hits_BP), length), dtype=torch.bool, device=hits_BP.device)
        return nowhere_BT.scatter(1, self.places_BP, hits_BP)


class Objective(Component):
    """What a network is trained to tell: which tokens of a sequence, and from what.

    All that is random in it is drawn for each sequence from its key (`training.randomness`), so neither the number of
    workers nor the way a batch is cut up changes anything.
    """

    family: ClassVar[str] = "training.objectives"
    reads: ClassVar[Reading] = "left to right"

    def check_model(self, model: Model) -> None:
        """Raises Mistake with the cure where the model does not read sequences as this objective has them told."""
        if model.reads != self.reads:
            raise Mistake(
                f"model '{model.kind}' reads {model.reads}, objective '{self.kind}' is for models that read "
                f"{self.reads}; set `objective` to one that fits the model, or train another model"
            )

    def targets_per_sequence(self, length: int) -> float:
        """How many targets a sequence of `length` tokens has, or would have on average, if all of it were scored."""
        raise NotImplementedError

    def predict(self, network: Any, tokens_BT: "torch.Tensor", scored_BT: "torch.Tensor", keys_B: Keys) -> Predictions:
        """What the network says of the targets, all of them scored tokens, without having seen the one it tells."""
        raise NotImplementedError


class Curriculum(Component):
    """The order in which sequences are trained on, as an array that is known before the first step."""

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
        """Mistake without documents or without text."""
        if not self.documents or self.text_bytes <= 0:
            raise Mistake("held-out data needs a document with text; give a held_out source that has rows")
