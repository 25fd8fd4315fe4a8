"""Factored features: gradients projected from both sides of each weight, without one ever being formed.

The gradient of a matrix W is a sum over tokens of l_t r_t^T (l_t the gradient of the output and r_t the input of a
linear map). With projections P and Q it becomes the sum of (P^T l_t)(Q^T r_t)^T, as in LoGra (arXiv 2405.13954): two
thin products a token.

Legend of shapes: B sequences, T tokens, R and C rows and columns of a matrix, P and Q what these are projected to,
K dimensions of all.
"""

import functools
from math import isqrt
from typing import TYPE_CHECKING, Any

from pipelines.contracts.mistakes import Mistake
from pipelines.gradients.block import Block
from pipelines.gradients.hooks import GradientFn, Sides, one_pass, watch_matrix, watch_vector
from pipelines.gradients.projection import projection
from pipelines.gradients.weights import Matrix, Vector, weights_of

if TYPE_CHECKING:
    import torch


class Factored:
    """The network with hooks; a pass leaves the features of each sequence of its batch.

    Every matrix gets as many dimensions, a square number, and all gains and biases together as many again, projected as
    one long vector. A tied matrix has one projection, and the features of its two uses are added up, as its gradients.
    """

    def __init__(self, network: Any, dimensions: int, seed: str) -> None:
        """`dimensions` are shared out evenly; Mistake where they do not give each weight one."""
        matrices, vectors = weights_of(network)
        side = isqrt(dimensions // (len(matrices) + bool(vectors)))
        if not side:
            raise Mistake(
                f"{dimensions} dimensions are too few for the {len(matrices)} matrices of the model and its gains; "
                f"give `features.dimensions` of at least {len(matrices) + bool(vectors)}, or more texts"
            )
        network.requires_grad_(False)
        self.blocks: list[Block] = []
        self._network = network
        self._features: list[torch.Tensor | None] = []
        for matrix in matrices:
            self._add_matrix(matrix, side, seed)
        if vectors:
            self._add_vectors(vectors, side * side, seed)

    def features(self, ids_BT: "torch.Tensor", gradient_of: GradientFn) -> "torch.Tensor":
        """(B, K) features in float32 of the sum of outputs whose gradient by the logits `gradient_of` gives."""
        import torch

        self._features = [None] * len(self.blocks)
        one_pass(self._network, ids_BT, gradient_of)
        return torch.cat([each.flatten(1) for each in self._features if each is not None], dim=1)

    def flops_per_weight(self, tokens: int, sequences: int) -> float:
        """2 a token forward, and 2 backward, since no gradient of a weight is formed; the projection is left out."""
        return 4.0 * tokens

    def _add_block(self, name: str, size: int) -> int:
        start = self.blocks[-1].end if self.blocks else 0
        self.blocks.append(Block(name, start, start + size))
        return len(self.blocks) - 1

    def _add(self, block: int, features: "torch.Tensor") -> None:
        before = self._features[block]
        self._features[block] = features if before is None else before + features

    def _add_matrix(self, matrix: Matrix, side: int, seed: str) -> None:
        device, dtype = self._network.device, self._network.dtype
        left_RP = projection(matrix.rows, side, seed, f"{matrix.name}:rows").to(device, dtype)
        right_CQ = projection(matrix.columns, side, seed, f"{matrix.name}:columns").to(device, dtype)
        block = self._add_block(matrix.name, left_RP.shape[1] * right_CQ.shape[1])
        thin = Sides(
            rows=lambda each_BTR: each_BTR @ left_RP,
            columns=lambda each_BTC: each_BTC @ right_CQ,
            tokens=lambda ids_BT: left_RP[ids_BT],
        )
        watch_matrix(matrix, thin, lambda left_BTP, right_BTQ: self._add(block, _outer(left_BTP, right_BTQ)))

    def _add_vectors(self, vectors: list[Vector], dimensions: int, seed: str) -> None:
        import torch

        sizes = [vector.size for vector in vectors]
        whole = projection(sum(sizes), dimensions, seed, "gains and biases").to(self._network.device)
        block = self._add_block("gains and biases", whole.shape[1])
        for vector, part in zip(vectors, torch.split(whole, sizes), strict=True):
            watch_vector(vector, functools.partial(self._add_vector, block, part))

    def _add_vector(self, block: int, part: "torch.Tensor", gradient_BN: "torch.Tensor") -> None:
        self._add(block, gradient_BN @ part)


def _outer(left_BTP: "torch.Tensor", right_BTQ: "torch.Tensor") -> "torch.Tensor":
    """(B, P, Q) sums over tokens, in float32."""
    product: torch.Tensor = left_BTP.float().transpose(1, 2) @ right_BTQ.float()
    return product
