"""Batches: the sequences of a step, a pure function of (packed data, plan, step, rank), read ahead by one thread.

Legend of shapes: B sequences of one worker in one step, T tokens in a sequence.
"""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pipelines.contracts.rows import BoolArray
from pipelines.packing.sequences import scored
from training.contracts import IntArray

if TYPE_CHECKING:
    from pipelines.packing.packed import Packed


@dataclass(frozen=True)
class Batch:
    """What one worker trains on in one step: (B,) numbers of sequences, tokens_BT, and scored_BT, false for padding."""

    numbers: IntArray
    tokens_BT: IntArray
    scored_BT: BoolArray

    def parts(self, sequences: int) -> Iterator["Batch"]:
        """The batch cut up into batches of so many sequences, in order."""
        for first in range(0, len(self.numbers), sequences):
            chosen = slice(first, first + sequences)
            yield Batch(self.numbers[chosen], self.tokens_BT[chosen], self.scored_BT[chosen])


@dataclass(frozen=True)
class Share:
    """Which part of every global batch a worker takes: `sequences` in the batch, split evenly over `world` ranks."""

    sequences: int
    rank: int
    world: int


def numbers(plan: IntArray, step: int, share: Share) -> IntArray:
    """(sequences / world,) sequence numbers of this rank in this step; over all ranks they are the step's batch."""
    batch = plan[step * share.sequences : (step + 1) * share.sequences]
    each = share.sequences // share.world
    return batch[share.rank * each : (share.rank + 1) * each]


def batch(packed: "Packed", plan: IntArray, step: int, share: Share) -> Batch:
    """The sequences of this rank in this step."""
    chosen = numbers(plan, step, share)
    tokens_BT = packed.rows(chosen)
    return Batch(chosen, tokens_BT, scored(tokens_BT, packed.end))


@dataclass
class Prefetch:
    """Iterates over the batches of steps `first` to `steps`, read by a thread that stays `ahead` batches in front.

    `waited_seconds` is how long the consumer has waited for data so far. An error in the thread is raised by the
    iteration. Leaving it as a context ends the thread.
    """

    packed: "Packed"
    plan: IntArray
    share: Share
    first: int
    steps: int
    ahead: int = 4
    waited_seconds: float = 0.0

    def __enter__(self) -> "Prefetch":
        """Starts the thread that reads."""
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="batches")
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the thread; what it has not begun to read is not read."""
        self._reader.shutdown(cancel_futures=True)

    def __iter__(self) -> Iterator[Batch]:
        """This worker's batches from step `first` on, `ahead` of them read in advance."""
        to_read = iter(range(self.first, self.steps))
        ahead = deque(self._read(step) for step in islice(to_read, self.ahead))
        while ahead:
            started = time.perf_counter()
            found = ahead.popleft().result()
            self.waited_seconds += time.perf_counter() - started
            ahead.extend(self._read(step) for step in islice(to_read, 1))
            yield found

    def _read(self, step: int) -> "Future[Batch]":
        return self._reader.submit(batch, self.packed, self.plan, step, self.share)
