"""Reading texts by their contexts: for byte models that keep no state of the texts they read."""

import numpy as np
import numpy.typing as npt

from pipelines.codecs.entropy.cdf import quantized_cdf
from pipelines.contracts.byte_model import BEGIN, Int64Array, NextByte

MEMO_CONTEXTS = 1 << 16  # 2 kB each


class ContextModel(NextByte):
    """A byte model that needs nothing but `predict`: its reader keeps the texts and asks for each context once."""

    def reader(self, rows: int) -> "ContextReader":
        """A reader that keeps the texts themselves."""
        return ContextReader(self, rows)


class ContextReader:
    """The texts read so far, and the integers of contexts that were asked for lately."""

    def __init__(self, model: NextByte, rows: int) -> None:
        """So many empty texts, for whose contexts `model` is asked."""
        self._model = model
        self._contexts = [bytearray() for _ in range(rows)]
        self._memo: dict[bytes, Int64Array] = {}

    def step(self, letters: npt.NDArray[np.integer]) -> Int64Array:
        """(n, 257) quantized_cdf behind every text after its next byte; new contexts are asked for together."""
        for context, letter in zip(self._contexts, letters.tolist(), strict=True):
            context.clear() if letter == BEGIN else context.append(letter)
        keys = [self._key(context) for context in self._contexts]
        if len(self._memo) > MEMO_CONTEXTS:
            self._memo.clear()
        new = sorted({key for key in keys if key not in self._memo})
        if new:
            self._memo.update(zip(new, quantized_cdf(self._model.predict(new)), strict=True))
        return np.stack([self._memo[key] for key in keys])

    def keep(self, rows: npt.NDArray[np.integer]) -> None:
        """Goes on with the texts of these rows alone, in this order."""
        self._contexts = [self._contexts[row] for row in rows.tolist()]

    def _key(self, context: bytearray) -> bytes:
        reach = self._model.reach
        return bytes(context if reach is None else context[max(0, len(context) - reach) :])
