"""Features: the projected gradients of texts under a stored model, in batches of windows of about equal length."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray
from pipelines.gradients.factored import Block, Factored
from pipelines.gradients.outputs import Output, output_gradient
from pipelines.inference.model_files import parameter_count
from pipelines.inference.network import check_room, load_network
from pipelines.inference.windows import Window, batches, cut

Features = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Passage:
    """Tokens behind a begin token; those from position `first` on are what the output is the mean of."""

    tokens: Sequence[int]
    first: int = 1


@dataclass(frozen=True)
class FeatureModel:
    """Which model is asked, for the gradient of which output, and how that is projected.

    `dimensions` is the most there may be; `context` is the longest window in tokens; `batch_tokens` bounds the tokens
    of one pass, padding counted.
    """

    model: str
    revision: str | None
    output: Output
    dimensions: int
    projection_seed: int
    context: int
    dtype: str
    batch_tokens: int


@dataclass(frozen=True)
class Opened:
    """A loaded model: `features` of passages (n,) -> (n, K) float32, the blocks of the K, and FLOPs a token read.

    The features of a passage are those of the mean output of its tokens, each told once; a passage longer than the
    context is read in windows that share one token. One without a token to tell, and one whose gradient is not finite,
    has features of zero: it says nothing, and stands neither first nor last.
    """

    features: Callable[[Sequence[Passage]], Features]
    blocks: list[Block]
    flops_per_token: float


def open_features(spec: FeatureModel) -> Opened:
    """The loaded model with its projections; Mistake where it has no room for windows of `context` tokens."""
    check_room(spec.model, spec.revision, spec.context)
    network = load_network(spec.model, spec.revision, spec.dtype)
    factored = Factored(network, spec.dimensions, spec.projection_seed)

    def features(passages: Sequence[Passage]) -> Features:
        windows = [window for row, each in enumerate(passages) for window in windows_of(row, each, spec.context)]
        told = np.array([len(passage.tokens) - passage.first for passage in passages], np.float64)
        result = np.zeros((len(passages), factored.dimensions), np.float32)
        for numbers in batches(windows, spec.batch_tokens):
            chosen = [windows[number] for number in numbers]
            rows = np.array([window.row for window in chosen], np.int64)
            np.add.at(result, rows, _batch(factored, network, spec.output, chosen, 1 / told[rows]))
        result[~np.isfinite(result).all(axis=1)] = 0.0
        return result

    # 2 a parameter forward, and 2 backward, since no gradient of a weight is formed
    return Opened(features, factored.blocks, 4.0 * parameter_count(spec.model, spec.revision))


def windows_of(row: int, passage: Passage, context: int) -> list[Window]:
    """The windows of a passage, in which each token from `first` on is told once.

    What stands before `first` is cut on its left to make room, its begin token kept; where even that is not enough, all
    of it goes but the begin token.
    """
    if passage.first >= len(passage.tokens):
        return []
    begin, before = list(passage.tokens[:1]), list(passage.tokens[1 : passage.first])
    told = list(passage.tokens[passage.first :])
    room = context - 1 - len(told)
    if room >= 0:
        before = before[max(0, len(before) - room) :]
        return [Window(row, [*begin, *before, *told], 1 + len(before))]
    return list(cut(row, [*begin, *told], context, context - 1))


def _batch(
    factored: Factored, network: Any, output: Output, windows: Sequence[Window], weights: FloatArray
) -> Features:
    """(windows,) features of their outputs, each token's weighted with its window's weight."""
    import torch

    length = max(len(window.tokens) for window in windows)
    ids_BT = torch.zeros(len(windows), length, dtype=torch.long)
    weights_BT = torch.zeros(len(windows), length)  # of the token that is told at the next place
    for row, window in enumerate(windows):
        ids_BT[row, : len(window.tokens)] = torch.tensor(window.tokens)
        weights_BT[row, window.first - 1 : len(window.tokens) - 1] = float(weights[row])
    weights_BT = weights_BT.to(network.device)

    def gradient_of(ids_BT: "torch.Tensor", logits_BTV: "torch.Tensor") -> "torch.Tensor":
        return output_gradient(output, logits_BTV, ids_BT.roll(-1, 1), weights_BT)

    found: Features = factored.features(ids_BT.to(network.device), gradient_of).cpu().numpy()
    return found


def check_dimensions(dimensions: int, sample: int) -> None:
    """Mistake where there are more dimensions than a sixteenth of the sample that the Gram matrix is made of."""
    if 16 * dimensions > sample:
        raise Mistake(
            f"{dimensions} dimensions want a sample of at least {16 * dimensions} passages, this one has {sample}; give "
            "fewer dimensions, or more passages"
        )
