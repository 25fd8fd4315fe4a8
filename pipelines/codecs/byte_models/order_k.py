"""The byte model that counts: what followed the last k bytes, mixed with what followed fewer of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from pipelines.codecs.entropy.context_reader import ContextModel
from pipelines.contracts.byte_model import ByteModel, NextByte
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray, TextSample
from pipelines.store.sealed import seal, unseal

FILE = "order_k.counts"
MOST_ORDER = 7  # a context and the byte behind it are one 64-bit number
Uint64Array = npt.NDArray[np.uint64]
BYTE = np.uint64(8)


class OrderK(ByteModel):
    """Counts of every context of 0 to `order` bytes, interpolated (Witten and Bell, 1991, method C).

    p_j(b | c) = (n(cb) + t(c) p_j-1(b | c')) / (n(c) + t(c)), with n how often something was seen, t(c) how many
    different bytes followed c, c' the context without its oldest byte, and p_-1 = 1/256: no byte is impossible. A
    context shorter than `order`, such as the empty one, is as any context that ends so.
    """

    order: int = Field(3, ge=1, le=MOST_ORDER)
    sample_bytes: int = Field(16 << 20, gt=0)

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """`order_k.counts` of a sample of the corpus' text."""
        return count([text.encode() for text in sample(self.sample_bytes, seed, "order_k")], self.order)

    def open(self, files: dict[str, bytes]) -> NextByte:
        """The interpolated probabilities; they are sums and quotients of whole numbers, the same on every machine."""
        if FILE not in files:
            raise Mistake(f"byte model 'order_k' needs {FILE}, given {sorted(files)}; train it first")
        arrays = unseal("order_k", files[FILE]).arrays
        if len(arrays) != 2 * (self.order + 1):
            raise Mistake(
                f"these counts have order {len(arrays) // 2 - 1}, the model {self.order}; give it the counts' order"
            )
        return _Interpolated([_followers(arrays, order) for order in range(self.order + 1)])


class _Followers(NamedTuple):
    """What followed each context of one length: of `contexts[i]`, `letters[starts[i]:starts[i + 1]]`, so many times."""

    contexts: Uint64Array
    starts: npt.NDArray[np.int64]
    letters: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


class _Interpolated(ContextModel):
    def __init__(self, orders: "Sequence[_Followers]") -> None:
        self._orders = orders
        self.reach = len(orders) - 1

    def predict(self, contexts: Sequence[bytes]) -> FloatArray:
        """(n, 256) probabilities of the byte behind each context, each order mixed into what the shorter ones say."""
        probabilities = np.full((len(contexts), 256), 1 / 256)
        for order, followers in enumerate(self._orders):
            long_enough = np.flatnonzero([len(context) >= order for context in contexts])
            keys = _packed([contexts[row][len(contexts[row]) - order :] for row in long_enough], order)
            _mix(probabilities, long_enough, keys, followers)
        return probabilities


def count(texts: Sequence[bytes], order: int) -> dict[str, bytes]:
    """The files of an `order_k` model of these texts; no context reaches from one text into the next."""
    data = np.frombuffer(b"".join(texts), np.uint8)
    lengths = np.array([len(text) for text in texts], np.int64)
    before = np.arange(len(data)) - np.repeat(
        np.cumsum(lengths) - lengths, lengths
    )  # bytes of the text before this one
    arrays: dict[str, npt.NDArray[Any]] = {}
    keys = data.astype(np.uint64)
    for length in range(order + 1):
        if length:
            keys[length:] |= data[:-length].astype(np.uint64) << np.uint64(8 * length)
        found, counts = np.unique(keys[before >= length], return_counts=True)
        arrays |= {f"keys.{length}": found, f"counts.{length}": counts.astype(np.uint32)}
    return {FILE: seal("order_k", {"order": order}, arrays)}


def _followers(arrays: dict[str, npt.NDArray[Any]], order: int) -> _Followers:
    keys = arrays[f"keys.{order}"]
    contexts, starts = np.unique(keys >> BYTE, return_index=True)
    followers = (keys & np.uint64(255)).astype(np.int64)
    return _Followers(contexts, np.append(starts, len(keys)), followers, arrays[f"counts.{order}"].astype(np.int64))


def _packed(contexts: Sequence[bytes], order: int) -> Uint64Array:
    """(n,) the contexts, all of `order` bytes, as numbers: the last byte is the lowest."""
    letters = np.frombuffer(b"".join(contexts), np.uint8).reshape(len(contexts), order)
    keys = np.zeros(len(contexts), np.uint64)
    for place in range(order):
        keys = (keys << BYTE) | letters[:, place]
    return keys


def _mix(probabilities: FloatArray, rows: npt.NDArray[np.int64], keys: Uint64Array, followers: _Followers) -> None:
    """Mixes the counts of one order into `probabilities` (n, 256), in place, in the rows whose context was seen.

    `keys` are the packed contexts of `rows`.
    """
    if not len(followers.contexts):
        return
    place = np.minimum(np.searchsorted(followers.contexts, keys), len(followers.contexts) - 1)
    seen = followers.contexts[place] == keys
    rows, place = rows[seen], place[seen]
    first, kinds = followers.starts[place], np.diff(followers.starts)[place]
    entries = np.repeat(first - np.cumsum(kinds) + kinds, kinds) + np.arange(kinds.sum())
    counts = np.zeros((len(rows), 256))
    counts[np.repeat(np.arange(len(rows)), kinds), followers.letters[entries]] = followers.counts[entries]
    totals = counts.sum(axis=1) + kinds
    probabilities[rows] = (counts + kinds[:, None] * probabilities[rows]) / totals[:, None]
