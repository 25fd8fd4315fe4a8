"""Features: the projected gradients of texts under a stored model, in batches of windows of about equal length."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from pipelines.contracts.rows import FloatArray, VectorArray
from pipelines.gradients.block import Block
from pipelines.gradients.dense import Dense
from pipelines.gradients.factored import Factored
from pipelines.gradients.outputs import Output, doubt, output_gradient
from pipelines.inference.model_files import model_fingerprint, parameter_count
from pipelines.inference.network import load_network, window_tokens
from pipelines.inference.passages import Passage, windows_of
from pipelines.inference.windows import Window, batches, padded
from pipelines.inference.workers import ModelWorkers

if TYPE_CHECKING:
    import torch

Features = VectorArray

FEATURES = "features"  # the column that holds them
NORM = "norm"  # that of their Euclidean length, float64

PROJECTIONS: dict[str, type[Factored] | type[Dense]] = {"factored": Factored, "dense": Dense}


class FeatureConfig(ModelWorkers):
    """The gradient of which output a model is asked for, and how that is projected.

    `margin` is the mean over tokens of log p / (1 - p), `loss` that of -log p. The projection is `factored`, each
    matrix from both its sides, or `dense`, all weights by one random matrix as TRAK does it, which takes many times
    longer. `dimensions` is the most there may be, by default a sixteenth of the passages that the Gram matrix is made
    of: with fewer passages a dimension the scores are mostly noise. `context` is the longest window in tokens, by
    default as long as the model has room for, 1,024 at most.
    """

    output: Output = "margin"
    projection: Literal["factored", "dense"] = "factored"
    dimensions: int | None = Field(default=None, ge=1)
    context: int | None = Field(default=None, ge=2)
    projection_seed: int = Field(default=0, ge=0)
    dtype: Literal["float32", "bfloat16"] = "float32"


@dataclass(frozen=True)
class Reading:
    """What a model says of n passages: (n, K) float32 features, and (n,) its doubts, the mean of 1 - p over tokens.

    The features of a passage are those of the mean output of its tokens, each told once; a passage longer than the
    context is read in windows that share one token. One without a token to tell, and one whose gradient is not finite,
    has features of zero and no doubt: it says nothing, and stands neither first nor last.
    """

    features: Features
    doubts: FloatArray


@dataclass(frozen=True)
class Opened:
    """A loaded model: what it says of passages, the blocks of its K features, and the FLOPs of passages."""

    read: Callable[[Sequence[Passage]], Reading]
    blocks: list[Block]
    flops: Callable[[Sequence[Passage]], float]

    def features(self, passages: Sequence[Passage]) -> Features:
        """(n, K) the features of n passages."""
        return self.read(passages).features


def open_features(model: str, config: FeatureConfig, dimensions: int) -> Opened:
    """The loaded model with its projections to at most so many dimensions.

    `model` is a folder. Mistake where it has no room for windows of `context` tokens, or too few dimensions for it.
    """
    context = window_tokens(model, config.context)
    network = load_network(model, None, config.dtype)
    projected = PROJECTIONS[config.projection](network, dimensions, projection_seed(model, config))

    def read(passages: Sequence[Passage]) -> Reading:
        windows = [window for row, each in enumerate(passages) for window in windows_of(row, each, context)]
        told = np.array([len(passage.tokens) - passage.first for passage in passages], np.float64)
        features = np.zeros((len(passages), projected.blocks[-1].end), np.float32)
        doubts = np.zeros(len(passages))
        for numbers in batches(windows, config.tokens_of_batch):
            chosen = [windows[number] for number in numbers]
            rows = np.array([window.row for window in chosen], np.int64)
            found = _batch(projected, network, config.output, chosen, 1 / told[rows])
            np.add.at(features, rows, found.features)
            np.add.at(doubts, rows, found.doubts)
        broken = ~np.isfinite(features).all(axis=1)
        features[broken], doubts[broken] = 0.0, 0.0
        return Reading(features, doubts)

    parameters = parameter_count(model)

    def flops(passages: Sequence[Passage]) -> float:
        lengths = [len(passage.tokens) for passage in passages]
        windows = sum(max(1, -(-(length - 1) // (context - 1))) for length in lengths)
        return parameters * projected.flops_per_weight(sum(lengths), windows)

    return Opened(read, projected.blocks, flops)


def projection_seed(model: str, config: FeatureConfig) -> str:
    """The seed of a model's projections; each model has its own, so the mean over several has less of their noise."""
    return f"{config.projection_seed}:{model_fingerprint(model)['model']}"


def _batch(
    projected: Factored | Dense, network: Any, output: Output, windows: Sequence[Window], weights: FloatArray
) -> Reading:
    """What there is to say of windows, each token's share weighted with its window's weight."""
    import torch

    ids_BT = padded(windows)
    weights_BT = torch.zeros(ids_BT.shape)  # of the token that is told at the next place
    for row, window in enumerate(windows):
        weights_BT[row, window.first - 1 : len(window.tokens) - 1] = float(weights[row])
    weights_BT = weights_BT.to(network.device)
    doubts_B = []

    def gradient_of(ids_BT: "torch.Tensor", logits_BTV: "torch.Tensor") -> "torch.Tensor":
        targets_BT = ids_BT.roll(-1, 1)
        doubts_B.append(doubt(logits_BTV, targets_BT, weights_BT))
        return output_gradient(output, logits_BTV, targets_BT, weights_BT)

    features: Features = projected.features(ids_BT.to(network.device), gradient_of).cpu().numpy()
    return Reading(features, doubts_B[0].double().cpu().numpy())
