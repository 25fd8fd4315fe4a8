"""The byte Transformer run byte by byte over texts side by side, in exact arithmetic.

Legend of shapes: N texts, D hidden, H heads, E size of a head, S bytes remembered, F feed-forward units.

Every activation is rounded to a multiple of a power of two and kept below a bound. With the bits beside each step, the
sums below have at most 53 bits, which a 64-bit float holds exactly:

    mean square     2 x 20 bits, summed over D <= 4,096
    projections     17 bits x 15 bits, summed over D
    scores          2 x 16 bits, summed over E
    attention       24 bits x 16 bits, summed over S <= 4,096
    feed-forward    18 bits x 15 bits, summed over F <= 2**20

Divisions and square roots are rounded once, as IEEE 754 says. torch takes short cuts with both: its CPU root comes from
a vector library that is off by one unit now and then, and on a GPU dividing by a number multiplies by its reciprocal.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.codecs.neural.exponential import LARGEST, STEP_BITS, exponential_table
from pipelines.codecs.neural.shape import distance_buckets
from pipelines.codecs.neural.weights import RESIDUAL_BITS, RESIDUAL_BOUND, SCORE_BITS, Weights
from pipelines.contracts.byte_model import BEGIN
from pipelines.contracts.mistakes import Mistake

if TYPE_CHECKING:
    import torch

NORM_BITS, VALUE_BITS = 11, 9  # of fractions
VALUE_BOUND, PRODUCT_BOUND = 2.0**7, 2.0**9
EPSILON = 1e-6
FIRST_ROOM = 16


class ExactNetwork:
    """The weights on one device, by default the GPU where there is one, shared by its readers."""

    def __init__(self, weights: Weights, device: str | None = None) -> None:
        """Mistake where the sums of a network of this shape could need more than 53 bits."""
        import torch

        shape = weights.shape
        if max(shape.hidden, shape.context) > 4096 or shape.feed_forward > 1 << 20:
            raise Mistake(f"sums over {shape} are not exact; a byte model has hidden and context of at most 4096")
        self.shape = shape
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.embedding = self.tensor(weights.embedding)
        self.layers = [tuple(map(self.tensor, layer)) for layer in weights.layers]
        self.output = self.tensor(weights.output)
        self.exponentials = self.tensor(exponential_table())
        self.buckets = self.tensor(distance_buckets(shape.context))
        self.size = self.tensor(np.array([float(shape.hidden)]))

    def tensor(self, array: npt.NDArray[Any]) -> "torch.Tensor":
        """The array as a tensor on this network's device."""
        import torch

        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def normed(self, values: "torch.Tensor") -> "torch.Tensor":
        """The values divided by the root of their mean square, over the last dimension, rounded to NORM_BITS."""
        mean_square = (values * values).sum(-1, keepdim=True) / self.size
        return _snapped(values / root(mean_square + EPSILON), NORM_BITS)

    def exponential(self, scores: "torch.Tensor") -> "torch.Tensor":
        """Whole numbers proportional to exp(scores), over the last dimension; minus infinity gives 0."""
        below = scores.amax(-1, keepdim=True) - scores
        index = (below.clamp(max=LARGEST) * 2**STEP_BITS).long()
        return self.exponentials[index].masked_fill(below.isinf(), 0.0)


class Rows:
    """The state of N texts that are read side by side: keys and values of what each of them has so far.

    A byte sees where its text began and the last `context` - 1 bytes; older ones are overwritten.
    """

    def __init__(self, network: ExactNetwork, texts: int) -> None:
        """So many texts of which nothing has been read."""
        self._network = network
        self._counts = np.zeros(texts, np.int64)  # of what has been read, the beginning included
        self._places = network.tensor(np.full((texts, FIRST_ROOM), -1))
        self._memory = [self._empty(texts, FIRST_ROOM) for _ in network.layers]

    def step(self, letters: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """(N, 256) whole numbers, proportional to the probabilities of the byte behind these (N,) bytes or BEGIN."""
        import torch

        with torch.inference_mode():
            return self._step(letters).cpu().numpy()

    def keep(self, rows: npt.NDArray[np.integer]) -> None:
        """Goes on with these texts alone, in this order."""
        chosen = self._network.tensor(rows.astype(np.int64))
        self._counts = self._counts[rows]
        self._places = self._places[chosen]
        self._memory = [memory[:, chosen] for memory in self._memory]

    def _step(self, letters: npt.NDArray[np.integer]) -> "torch.Tensor":
        network = self._network
        begins = letters == BEGIN
        if (self._counts[~begins] == 0).any():
            raise Mistake("a text is begun with BEGIN before its first byte is read")
        places = np.where(begins, 0, self._counts)
        self._counts = places + 1
        self._make_room(int(self._counts.max()))
        rows = network.tensor(np.arange(len(letters)))
        now = network.tensor(places)
        slots = network.tensor(np.where(begins, 0, 1 + (places - 1) % max(network.shape.context - 1, 1)))
        if begins.any():
            self._places[network.tensor(begins)] = -1
        self._places[rows, slots] = now
        distances = (now[:, None] - self._places).clamp(max=network.shape.context)
        buckets = network.buckets[distances.clamp(min=0)]
        hidden = network.embedding[network.tensor(letters.astype(np.int64))]
        for layer, memory in zip(network.layers, self._memory, strict=True):
            qkv, bias, attended, gate_up, down = layer
            read = self._attention(network.normed(hidden) @ qkv, bias, buckets, memory, rows, slots)
            hidden = _residual(hidden + read @ attended)
            gate, up = _value(network.normed(hidden) @ gate_up).chunk(2, -1)
            product = _snapped(gate.relu() * up, VALUE_BITS).clamp(-PRODUCT_BOUND, PRODUCT_BOUND)
            hidden = _residual(hidden + product @ down)
        return network.exponential(_snapped(network.normed(hidden) @ network.output, SCORE_BITS))

    def _attention(
        self,
        qkv: "torch.Tensor",
        bias_HB: "torch.Tensor",
        buckets_NS: "torch.Tensor",
        memory: "torch.Tensor",
        rows: "torch.Tensor",
        slots: "torch.Tensor",
    ) -> "torch.Tensor":
        import torch

        shape = self._network.shape
        query_NHE, key_NHE, value_NHE = _value(qkv).view(len(qkv), 3, shape.heads, -1).unbind(1)
        keys_NHSE, values_NHSE = memory
        keys_NHSE[rows, :, slots], values_NHSE[rows, :, slots] = key_NHE, value_NHE
        scores_NHS = (keys_NHSE @ query_NHE[..., None]).squeeze(-1)
        scores_NHS = _snapped(scores_NHS, SCORE_BITS) + bias_HB[:, buckets_NS].transpose(0, 1)
        scores_NHS = scores_NHS.masked_fill((self._places < 0)[:, None], -torch.inf)
        weights_NHS = self._network.exponential(scores_NHS)
        sums_NHE = (weights_NHS[:, :, None] @ values_NHSE).squeeze(2)
        return _value(sums_NHE / weights_NHS.sum(-1, keepdim=True)).flatten(1)

    def _make_room(self, count: int) -> None:
        """Doubles what can be remembered until `count` fit, at most the context."""
        import torch

        room = self._places.shape[1]
        wanted = min(self._network.shape.context, max(room, 1 << (count - 1).bit_length()))
        if wanted > room:
            more = wanted - room
            texts = len(self._counts)
            nothing = torch.full((texts, more), -1, device=self._places.device)
            self._places = torch.cat((self._places, nothing), 1)
            self._memory = [torch.cat((memory, self._empty(texts, more)), 3) for memory in self._memory]

    def _empty(self, texts: int, room: int) -> "torch.Tensor":
        """(2, N, H, S, E) keys and values."""
        import torch

        shape = self._network.shape
        size = (2, texts, shape.heads, room, shape.hidden // shape.heads)
        return torch.zeros(size, dtype=torch.float64, device=self._network.device)


def _snapped(values: "torch.Tensor", bits: int) -> "torch.Tensor":
    return (values * 2.0**bits).round_() * 2.0**-bits


def _value(values: "torch.Tensor") -> "torch.Tensor":
    return _snapped(values, VALUE_BITS).clamp_(-VALUE_BOUND, VALUE_BOUND)


def _residual(values: "torch.Tensor") -> "torch.Tensor":
    return _snapped(values, RESIDUAL_BITS).clamp_(-RESIDUAL_BOUND, RESIDUAL_BOUND)


def root(values: "torch.Tensor") -> "torch.Tensor":
    """The square root of every value, rounded to the nearest 64-bit float on a CPU and a GPU alike."""
    import torch

    return values.sqrt() if values.is_cuda else torch.from_numpy(np.sqrt(values.numpy()))
