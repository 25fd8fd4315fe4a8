"""Hooks: from one forward and backward pass, the two sides of each matrix' gradient and the gradients of all vectors.

The gradient of a matrix is a sum over tokens of l_t r_t^T. Its sides are handed on as the pass meets them, and no
gradient of a matrix is formed: all weights are frozen.

Legend of shapes: B sequences, T tokens, V vocabulary, R and C rows and columns of a matrix, N numbers of a vector.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.gradients.weights import Matrix, Role, Vector

if TYPE_CHECKING:
    import torch

Change = Callable[["torch.Tensor"], "torch.Tensor"]
AddSides = Callable[["torch.Tensor", "torch.Tensor"], None]
AddVector = Callable[["torch.Tensor"], None]
GradientFn = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]


@dataclass(frozen=True)
class Sides:
    """What is kept of each side: of (B, T, R) rows, of (B, T, C) columns, and of (B, T) tokens that stand for rows."""

    rows: Change
    columns: Change
    tokens: Change


def one_pass(network: Any, ids_BT: "torch.Tensor", gradient_of: GradientFn) -> None:
    """Goes forward and backward; `gradient_of` gives the gradient by the logits, from (ids, logits (B, T, V)).

    Right of a sequence there may be padding whose outputs weigh nothing.
    """
    import torch

    positions = torch.arange(ids_BT.shape[1], device=ids_BT.device).expand_as(ids_BT)
    with torch.enable_grad():
        logits_BTV = network(input_ids=ids_BT, position_ids=positions, use_cache=False).logits
    logits_BTV.backward(gradient_of(ids_BT, logits_BTV.detach()).to(logits_BTV.dtype))


def watch_matrix(matrix: Matrix, sides: Sides, add: AddSides) -> None:
    """From now on `add` gets (left, right) of the matrix in each pass, once for every module that uses it."""
    for module, role in matrix.used_by:
        module.register_forward_hook(_hook(role, sides, add))


def watch_vector(vector: Vector, add: AddVector) -> None:
    """From now on `add` gets the (B, N) gradient of the vector in each pass."""
    of_inputs = _gain_gradient(vector) if vector.is_gain else _bias_gradient

    def hook(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
        of_delta = of_inputs(inputs[0])
        output.register_hook(lambda delta: add(of_delta(delta).float()))

    vector.module.register_forward_hook(hook)


def _hook(role: Role, sides: Sides, add: AddSides) -> Any:
    def linear(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
        known = sides.columns(inputs[0].detach())
        output.register_hook(lambda delta: add(sides.rows(delta), known))

    def transposed(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
        known = sides.rows(inputs[0].detach())
        output.register_hook(lambda delta: add(known, sides.columns(delta)))

    def embedding(module: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        known = sides.tokens(inputs[0])
        leaf = output.detach().requires_grad_()
        leaf.register_hook(lambda delta: add(known, sides.columns(delta)))
        return leaf

    return {"linear": linear, "transposed": transposed, "embedding": embedding}[role]


def _bias_gradient(inputs: Any) -> Any:
    return _over_tokens


def _over_tokens(each: "torch.Tensor") -> "torch.Tensor":
    """The sum over all axes but the first and the last: over tokens, and where a norm has them over heads."""
    return each.sum(tuple(range(1, each.dim() - 1)))


def _gain_gradient(vector: Vector) -> Any:
    """What comes out of a norm is linear in its gain, so what a gain multiplies is the step from gain 0 to gain 1."""
    import torch

    zero, one = (_with_gain(vector.module, gain) for gain in (0.0, 1.0))

    def of_inputs(inputs: Any) -> Any:
        with torch.no_grad():
            multiplied = one(inputs) - zero(inputs)
        return lambda delta: _over_tokens(delta * multiplied)

    return of_inputs


def _with_gain(norm: Any, gain: float) -> Any:
    plain = copy.deepcopy(norm)
    plain.weight.fill_(gain)
    return plain
