"""Factored features: gradients projected from both sides of each weight, without one ever being formed.

The gradient of a matrix W is a sum over tokens of l_t r_t^T (l_t the gradient of the output and r_t the input of a
linear map). With projections P and Q it becomes the sum of (P^T l_t)(Q^T r_t)^T, as in LoGra (arXiv 2405.13954): two
thin products a token. Weights are frozen, so a backward pass forms no gradient of a weight either.

Legend of shapes: B sequences, T tokens, R and C rows and columns of a matrix, P and Q what these are projected to.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Any

from pipelines.contracts.mistakes import Mistake
from pipelines.gradients.projection import projection
from pipelines.gradients.weights import Matrix, Role, Vector, weights_of

if TYPE_CHECKING:
    import torch

FeatureFn = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]


@dataclass(frozen=True)
class Block:
    """The features of one weight: where they stand among all, from `start` up to `end`."""

    name: str
    start: int
    end: int


class Factored:
    """The network with hooks; after a backward pass it holds the features of each sequence of the batch.

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

    @property
    def dimensions(self) -> int:
        """How many features a sequence has."""
        return self.blocks[-1].end

    def features(self, ids_BT: "torch.Tensor", gradient_of: FeatureFn) -> "torch.Tensor":
        """(B, dimensions) features in float32 of the sum of outputs whose gradient by the logits `gradient_of` gives.

        It is called with (ids, logits). Right of a sequence there may be padding whose outputs weigh nothing.
        """
        import torch

        self._features = [None] * len(self.blocks)
        positions = torch.arange(ids_BT.shape[1], device=ids_BT.device).expand_as(ids_BT)
        with torch.enable_grad():
            logits_BTV = self._network(input_ids=ids_BT, position_ids=positions, use_cache=False).logits
        logits_BTV.backward(gradient_of(ids_BT, logits_BTV.detach()).to(logits_BTV.dtype))
        return torch.cat([each.flatten(1) for each in self._features if each is not None], dim=1)

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
        for module, role in matrix.used_by:
            module.register_forward_hook(self._watch(role, block, left_RP, right_CQ))

    def _watch(self, role: Role, block: int, left_RP: "torch.Tensor", right_CQ: "torch.Tensor") -> Any:
        """The forward hook of a module that uses a matrix."""

        def linear(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
            known_BTQ = inputs[0].detach() @ right_CQ
            output.register_hook(lambda delta: self._add(block, _outer(delta @ left_RP, known_BTQ)))

        def transposed(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
            known_BTP = inputs[0].detach() @ left_RP
            output.register_hook(lambda delta: self._add(block, _outer(known_BTP, delta @ right_CQ)))

        def embedding(module: Any, inputs: tuple[Any, ...], output: Any) -> Any:
            known_BTP = left_RP[inputs[0]]
            leaf = output.detach().requires_grad_()
            leaf.register_hook(lambda delta: self._add(block, _outer(known_BTP, delta @ right_CQ)))
            return leaf

        return {"linear": linear, "transposed": transposed, "embedding": embedding}[role]

    def _add_vectors(self, vectors: list[Vector], dimensions: int, seed: str) -> None:
        import torch

        size = sum(vector.size for vector in vectors)
        whole = projection(size, dimensions, seed, "gains and biases").to(self._network.device)
        block = self._add_block("gains and biases", whole.shape[1])
        for vector, part in zip(vectors, torch.split(whole, [vector.size for vector in vectors]), strict=True):
            hook = _gain_hook(vector) if vector.is_gain else _bias_hook
            vector.module.register_forward_hook(self._watch_vector(hook, block, part))

    def _watch_vector(self, per_token: Any, block: int, part: "torch.Tensor") -> Any:
        def hook(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
            of_delta = per_token(inputs[0])
            output.register_hook(lambda delta: self._add(block, of_delta(delta).float() @ part))

        return hook


def _outer(left_BTP: "torch.Tensor", right_BTQ: "torch.Tensor") -> "torch.Tensor":
    """(B, P, Q) sums over tokens, in float32."""
    product: torch.Tensor = left_BTP.float().transpose(1, 2) @ right_BTQ.float()
    return product


def _bias_hook(inputs: Any) -> Any:
    return _over_tokens


def _over_tokens(each: "torch.Tensor") -> "torch.Tensor":
    """The sum over all axes but the first and the last: over tokens, and where a norm has them over heads."""
    return each.sum(tuple(range(1, each.dim() - 1)))


def _gain_hook(vector: Vector) -> Any:
    """What comes out of a norm is linear in its gain, so what a gain multiplies is the step from gain 0 to gain 1."""
    import torch

    zero, one = (_with_gain(vector.module, gain) for gain in (0.0, 1.0))

    def per_token(inputs: Any) -> Any:
        with torch.no_grad():
            multiplied = one(inputs) - zero(inputs)
        return lambda delta: _over_tokens(delta * multiplied)

    return per_token


def _with_gain(norm: Any, gain: float) -> Any:
    plain = copy.deepcopy(norm)
    plain.weight.fill_(gain)
    return plain
