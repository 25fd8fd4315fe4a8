"""ByteModel: the contract of what says how probable the next byte is, the M1 of arXiv 2404.03626.

Codecs compress by it. They see whole numbers only: `predict` gives probabilities, and `quantized_cdf` of them is all
that any coder ever compares.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from pipelines.component import Component
from pipelines.contracts import FloatArray
from pipelines.entropy.cdf import Int64Array, quantized_cdf

if TYPE_CHECKING:
    import ray.data

BEGIN = 256  # where a byte is expected: the text is empty again
MEMO_CONTEXTS = 1 << 16  # 2 kB each

NextByteFn = Callable[[Sequence[bytes]], FloatArray]  # (n,) contexts -> (n, 256) probabilities of the byte that follows
ReadFn = Callable[[npt.NDArray[np.integer]], Int64Array]  # (n,) bytes or BEGIN -> (n, 257) quantized_cdf of the next


class NextByte:
    """An opened byte model; `flops_per_byte` is what a model spends on a byte that it reads.

    Nothing it says of one text depends on the other texts of a batch, on their number, or on the machine: an encoder
    and a decoder that differ in one whole number do not understand each other.
    """

    flops_per_byte: float = 0.0
    reach: int | None = None  # how many of the last bytes count, where not all do

    def predict(self, contexts: Sequence[bytes]) -> FloatArray:
        """(n, 256) probabilities, none of them 0, of the byte behind each context."""
        raise NotImplementedError

    def reader(self, rows: int) -> ReadFn:
        """Reads `rows` texts side by side: each call gives every text its next byte, or BEGIN, which empties it.

        The first call begins all of them.
        """
        contexts = [bytearray() for _ in range(rows)]
        memo: dict[bytes, Int64Array] = {}

        def read(letters: npt.NDArray[np.integer]) -> Int64Array:
            for context, letter in zip(contexts, letters.tolist(), strict=True):
                context.clear() if letter == BEGIN else context.append(letter)
            keys = [bytes(each if self.reach is None else each[max(0, len(each) - self.reach) :]) for each in contexts]
            if len(memo) > MEMO_CONTEXTS:
                memo.clear()
            new = sorted({key for key in keys if key not in memo})
            if new:
                memo.update(zip(new, quantized_cdf(self.predict(new)), strict=True))
            return np.stack([memo[key] for key in keys])

        return read


class ByteModel(Component):
    """Says how probable every byte is behind a context: the M1 of arXiv 2404.03626, by which a codec compresses.

    A context is what is known of the text before, often nothing, since windows start anew in the middle of a text.
    """

    family: ClassVar[str] = "pipelines.byte_models"

    def check(self) -> None:
        """Raises ValueError with the cure for what can be known to be wrong before any work starts."""

    def train(self, rows: "ray.data.Dataset", seed: int) -> dict[str, bytes]:
        """What the model learned from a sample of the columns id and text, as named files."""
        raise NotImplementedError

    def open(self, files: dict[str, bytes]) -> NextByte:
        """The trained model; ValueError where the files are not its own, cut off or edited."""
        raise NotImplementedError


def files_hash(files: dict[str, bytes]) -> str:
    """The sha256 of a model's files, names and contents."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return total.hexdigest()
