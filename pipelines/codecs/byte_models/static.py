"""The byte model that knows no context: how often each byte is."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from pipelines.codecs.entropy.context_reader import ContextModel
from pipelines.contracts.byte_model import ByteModel, NextByte
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray, TextSample
from pipelines.store.sealed import seal, unseal

FILE = "static.counts"


class Static(ByteModel):
    """The share of each byte in a sample, each counted once more than it was seen (StaticAC of arXiv 2404.03626)."""

    sample_bytes: int = Field(16 << 20, gt=0)

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """`static.counts` of a sample of the corpus' text."""
        return count([text.encode() for text in sample(self.sample_bytes, seed, "static")])

    def open(self, files: dict[str, bytes]) -> NextByte:
        """The same (256,) probabilities behind every context."""
        if FILE not in files:
            raise Mistake(f"byte model 'static' needs {FILE}, given {sorted(files)}; train it first")
        seen = unseal("static", files[FILE]).arrays["counts"] + 1
        return _Shares(seen / seen.sum())


class _Shares(ContextModel):
    reach = 0

    def __init__(self, probabilities: FloatArray) -> None:
        self._probabilities = probabilities

    def predict(self, contexts: Sequence[bytes]) -> FloatArray:
        """(n, 256) the same probabilities for every context."""
        return np.tile(self._probabilities, (len(contexts), 1))


def count(texts: Sequence[bytes]) -> dict[str, bytes]:
    """The files of a `static` model of these texts."""
    counts = np.bincount(np.frombuffer(b"".join(texts), np.uint8), minlength=256)
    return {FILE: seal("static", {}, {"counts": counts.astype(np.int64)})}
