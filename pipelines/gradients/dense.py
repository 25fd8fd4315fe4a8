"""Dense features: each text's whole gradient times one random matrix, which is drawn piece by piece and never stored.

This is TRAK's own projection (arXiv 2303.14186, section 3.2). The gradient is formed a few rows of a weight at a time,
so neither it nor the random matrix, of 2 terabytes for 125 million weights and 4,096 dimensions, is ever whole.

Legend of shapes: B sequences, T tokens, R and C rows and columns of a matrix, K dimensions, S rows of a slice.
"""

import functools
from typing import TYPE_CHECKING, Any

from pipelines.contracts.mistakes import Mistake
from pipelines.gradients.block import Block
from pipelines.gradients.hooks import GradientFn, Sides, one_pass, watch_matrix, watch_vector
from pipelines.gradients.projection import signs
from pipelines.gradients.weights import Matrix, weights_of

if TYPE_CHECKING:
    import torch

PIECE = 2**24  # numbers of the random matrix that are there at the same time


class Dense:
    """The network with hooks; a pass leaves the features of each sequence of its batch.

    A pass draws the whole random matrix anew, so it costs the less a sequence, the more of them a batch has.
    """

    def __init__(self, network: Any, dimensions: int, seed: str) -> None:
        """All weights together get so many dimensions; Mistake where that is none."""
        if not dimensions:
            raise Mistake("the features have 0 dimensions; give `features.dimensions`, or more texts")
        network.requires_grad_(False)
        self.blocks = [Block("all", 0, dimensions)]
        self._network, self._dimensions, self._seed = network, dimensions, seed
        self._matrices, self._vectors = weights_of(network)
        self._sides: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {}
        self._gradients: dict[str, torch.Tensor] = {}
        for matrix in self._matrices:
            whole = Sides(rows=_same, columns=_same, tokens=_same)
            watch_matrix(matrix, whole, functools.partial(self._keep, matrix.name))
        for vector in self._vectors:
            watch_vector(vector, functools.partial(self._keep_vector, vector.name))

    def features(self, ids_BT: "torch.Tensor", gradient_of: GradientFn) -> "torch.Tensor":
        """(B, K) features in float32 of the sum of outputs whose gradient by the logits `gradient_of` gives."""
        import torch

        self._sides, self._gradients = {}, {}
        one_pass(self._network, ids_BT, gradient_of)
        total_BK = torch.zeros(len(ids_BT), self._dimensions, device=ids_BT.device)
        for matrix in self._matrices:
            self._project_matrix(matrix, total_BK)
        for vector in self._vectors:
            self._project(self._gradients[vector.name], f"{vector.name}:0", total_BK)
        return total_BK.div_(self._dimensions**0.5)

    def flops_per_weight(self, tokens: int, sequences: int) -> float:
        """6 a token, since gradients are formed, and 2 a sequence for each dimension that a weight is projected to."""
        return 6.0 * tokens + 2.0 * self._dimensions * sequences

    def _keep(self, name: str, left: "torch.Tensor", right_BTC: "torch.Tensor") -> None:
        self._sides.setdefault(name, []).append((left, right_BTC))

    def _keep_vector(self, name: str, gradient_BN: "torch.Tensor") -> None:
        self._gradients[name] = gradient_BN

    def _project_matrix(self, matrix: Matrix, total_BK: "torch.Tensor") -> None:
        """Adds the features of a matrix: both uses of a tied one are added up before they are projected."""
        rows = max(1, PIECE // (matrix.columns * self._dimensions))
        for first in range(0, matrix.rows, rows):
            end = min(first + rows, matrix.rows)
            parts = [_slice(left, right_BTC, first, end) for left, right_BTC in self._sides[matrix.name]]
            self._project(sum(parts[1:], parts[0]).flatten(1), f"{matrix.name}:{first}", total_BK)

    def _project(self, gradient_BN: "torch.Tensor", name: str, total_BK: "torch.Tensor") -> None:
        signs_NK = signs(gradient_BN.shape[1], self._dimensions, self._seed, name)
        total_BK.addmm_(gradient_BN, signs_NK.to(total_BK.device))


def _same(each: "torch.Tensor") -> "torch.Tensor":
    return each


def _slice(left: "torch.Tensor", right_BTC: "torch.Tensor", first: int, end: int) -> "torch.Tensor":
    """(B, S, C) these rows of the gradient, from (B, T, R), or (B, T) tokens that each stand for a row."""
    import torch

    if left.dim() == right_BTC.dim():
        some_BTS = left[..., first:end]
    else:
        some_BTS = left.unsqueeze(-1) == torch.arange(first, end, device=left.device)
    product: torch.Tensor = some_BTS.float().transpose(1, 2) @ right_BTC.float()
    return product
