"""Embedder: the contract of what turns texts into vectors, of which those of like texts point the same way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pipelines.contracts.component import Component
from pipelines.contracts.rows import Resources, VectorArray


@dataclass(frozen=True)
class Embeddings:
    """(n, D) vectors of length 1, the same D for any n, and the floating-point operations that a model spent on them.

    A text of which nothing can be said, such as an empty one, has a vector of zeros; nothing in them is NaN.
    """

    vectors: VectorArray
    flops: float = 0.0


EmbedFn = Callable[[Sequence[str]], Embeddings]


class Embedder(Component):
    """Turns a text into a vector, whatever its length: all of a text counts, and the texts beside it do not."""

    family: ClassVar[str] = "pipelines.embedders"

    @property
    def resources(self) -> Resources:
        """What one embedding worker takes."""
        return Resources()

    def check(self) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""

    def open(self) -> EmbedFn:
        """The embedding function; called once in each worker."""
        raise NotImplementedError
