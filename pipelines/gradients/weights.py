"""Weights: those of a network, each with the modules that use it and the way its gradient comes about.

The gradient of a matrix is a sum over tokens of outer products: of what comes into a linear map and of the gradient
of what comes out, or of the token's own unit vector and the gradient of its embedding. The gradient of a vector (a gain
of a norm, a bias) is a sum over tokens as well. A matrix that two modules share, a tied embedding, is one weight.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.contracts.mistakes import Mistake

Role = Literal["linear", "transposed", "embedding", "norm"]


@dataclass
class Matrix:
    """A matrix of (rows, columns): outputs by inputs of a linear map, or tokens by the width of their embedding."""

    name: str
    rows: int
    columns: int
    used_by: list[tuple[Any, Role]] = field(default_factory=list)


@dataclass(frozen=True)
class Vector:
    """A gain of a norm, or a bias of any module: what `module` adds up over tokens by itself."""

    name: str
    size: int
    module: Any
    is_gain: bool


def weights_of(network: Any) -> tuple[list[Matrix], list[Vector]]:
    """All weights of the network, in the order of its modules; Mistake where it has one of another sort."""
    matrices: dict[int, Matrix] = {}
    vectors: list[Vector] = []
    for path, module in network.named_modules():
        own = dict(module.named_parameters(recurse=False))
        if not own:
            continue
        role = _role(path, module, set(own))
        if role != "norm":
            weight = module.weight
            matrix = matrices.setdefault(id(weight), Matrix(f"{path}.weight", *weight.shape))
            matrix.used_by.append((module, role))
        vectors += _vectors(path, module, role)
    return list(matrices.values()), vectors


def _vectors(path: str, module: Any, role: Role) -> Iterator[Vector]:
    if role == "norm":
        yield Vector(f"{path}.weight", module.weight.numel(), module, is_gain=True)
    if getattr(module, "bias", None) is not None:
        yield Vector(f"{path}.bias", module.bias.numel(), module, is_gain=False)


def _role(path: str, module: Any, own: set[str]) -> Role:
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    if own <= {"weight", "bias"}:
        # Their subclasses may do something else with the weight: Gemma's embedding multiplies what it looks up.
        if type(module) is nn.Linear:
            return "linear"
        if type(module) is Conv1D:
            return "transposed"
        if type(module) is nn.Embedding:
            return "embedding"
        if type(module).__name__.endswith("Norm") and module.weight.dim() == 1:
            return "norm"
    raise Mistake(
        f"the weights {sorted(own)} of '{path}', a {type(module).__name__}, are of no sort whose gradients can be "
        "projected here (linear maps, embeddings, norms); take another model"
    )
