"""Id sets: which of many ids are known, in 16 bytes for each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.rows import BoolArray
from pipelines.corpus.randomness import id_words

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class IdSet:
    """The high words of n ids, ascending, and the low words of the same; (1,) how many share a high word at most.

    The fields are plain arrays, so that the processes of a machine can map them.
    """

    high: Words
    low: Words
    most_alike: npt.NDArray[np.int64]

    @classmethod
    def of(cls, parts: Iterable[pa.Array]) -> Self:
        """The set of all ids in these string arrays; of each array only the words are kept."""
        words = np.concatenate([np.zeros((0, 2), np.uint64), *map(id_words, parts)])
        high, low = words[np.lexsort((words[:, 1], words[:, 0]))].T.copy()
        starts = np.flatnonzero(np.diff(high, prepend=~high[:1]))
        return cls(high, low, np.diff(starts, append=len(high)).max(initial=0, keepdims=True).astype(np.int64))

    def holds(self, ids: pa.Array) -> BoolArray:
        """(n,) whether each of these strings is one of the ids."""
        words = id_words(ids)
        first = np.searchsorted(self.high, words[:, 0])
        found = np.zeros(len(ids), bool)
        for further in range(int(self.most_alike[0])):
            at = np.minimum(first + further, len(self.high) - 1)
            found |= (self.high[at] == words[:, 0]) & (self.low[at] == words[:, 1])
        return found
