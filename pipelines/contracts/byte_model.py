"""ByteModel: the contract of what says how probable the next byte is, the M1 of arXiv 2404.03626.

Codecs compress by it. They see whole numbers only: `predict` gives probabilities, and `quantized_cdf` of them is all
that any coder ever compares.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from pipelines.contracts.component import Component
from pipelines.contracts.rows import FloatArray, TextSample

BEGIN = 256  # where a byte is expected: the text is empty again

Int64Array = npt.NDArray[np.int64]
NextByteFn = Callable[[Sequence[bytes]], FloatArray]  # (n,) contexts -> (n, 256) probabilities of the byte that follows


class Reader(Protocol):
    """Reads n texts side by side, a byte of each at a time; the first step begins all of them."""

    def step(self, letters: npt.NDArray[np.integer]) -> Int64Array:
        """(n, 257) quantized_cdf of what follows, after each of the (n,) texts got its next byte, or BEGIN."""

    def keep(self, rows: npt.NDArray[np.integer]) -> None:
        """Goes on with the texts of these rows alone, in this order."""


class NextByte:
    """An opened byte model; `flops_per_byte` is how many operations it spends on a byte that it reads.

    Nothing it says of one text depends on the other texts of a batch, on their number, or on the machine: an encoder
    and a decoder that differ in one whole number do not understand each other.
    """

    flops_per_byte: float = 0.0
    reach: int | None = None  # how many of the last bytes count, where not all do

    def predict(self, contexts: Sequence[bytes]) -> FloatArray:
        """(n, 256) probabilities, none of them 0, of the byte behind each context."""
        raise NotImplementedError

    def reader(self, rows: int) -> Reader:
        """A reader that reads `rows` texts side by side."""
        raise NotImplementedError


class ByteModel(Component):
    """Says how probable every byte is behind a context: the M1 of arXiv 2404.03626, by which a codec compresses.

    A context is what is known of the text before, often nothing, since windows start anew in the middle of a text.
    """

    family: ClassVar[str] = "pipelines.codecs.byte_models"

    def check(self) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """What the model learned from a sample of the corpus' text, as named files."""
        raise NotImplementedError

    def open(self, files: dict[str, bytes]) -> NextByte:
        """The trained model; Mistake where the files are not its own, cut off or edited."""
        raise NotImplementedError


def files_hash(files: dict[str, bytes]) -> str:
    """The sha256 of a model's files, names and contents."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return total.hexdigest()
