"""Generation: a trained network writes on, one token after the other, in the windows that it is evaluated in.

Legend of shapes: V tokens in the vocabulary.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.contracts.mistakes import Mistake
from training.held_out.windows import window_start

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Sampling:
    """At most `tokens` are drawn from the `top_k` most probable ones (0: from all) at a temperature (0: the first)."""

    tokens: int = 192  # whole windows of every codec
    temperature: float = 1.0
    top_k: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Mistake where a value is below 0 or not finite."""
        for name in ("tokens", "temperature", "top_k", "seed"):
            if not 0 <= getattr(self, name) < math.inf:
                raise Mistake(f"{name} {getattr(self, name)} makes no sense when sampling; give 0 or more")


def generate(network: Any, prompt: Sequence[int], end: int, sampling: Sampling) -> Iterator[int]:
    """The tokens that follow those of the prompt, until `end`, which is not among them.

    A document is read as in training, behind the `end` of the one before it, so an empty prompt begins one. When it
    outgrows the model's length it goes on in the windows of `held_out.windows`, with half a length of context or more.
    """
    import torch

    generator = torch.Generator().manual_seed(sampling.seed)
    document = [end, *prompt]
    reader = _Reader(network)
    for _ in range(sampling.tokens):
        token = draw(reader.read(document), sampling, generator)
        if token == end:
            return
        document.append(token)
        yield token


def draw(logits_V: "torch.Tensor", sampling: Sampling, generator: "torch.Generator") -> int:
    """One token of the sampling's distribution, of equal logits in any order; the most probable at temperature 0."""
    import torch

    if sampling.temperature == 0:
        return int(logits_V.argmax())
    largest, tokens = logits_V.topk(min(sampling.top_k or len(logits_V), len(logits_V)))
    chances = torch.softmax((largest - largest[0]).double() / sampling.temperature, dim=0)
    return int(tokens[torch.multinomial(chances, 1, generator=generator)])


class _Reader:
    """A network with its keys and values of what it has read; one that keeps none reads its window anew each time."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._length = network.config.max_position_embeddings
        self._memory: Any = None
        self._start = self._read = 0

    def read(self, document: Sequence[int]) -> "torch.Tensor":
        """(V,) logits of what follows the document; a window that begins is read anew."""
        import torch

        start = window_start(len(document), self._length)
        if start != self._start:
            self._memory, self._start, self._read = None, start, start
        new = torch.tensor([document[self._read :]], device=self._network.device)
        with torch.inference_mode():
            output = self._network(input_ids=new, past_key_values=self._memory, use_cache=True, logits_to_keep=1)
        self._memory = output.get("past_key_values")
        self._read = start if self._memory is None else len(document)
        logits_V: torch.Tensor = output.logits[0, -1].float().cpu()
        return logits_V
