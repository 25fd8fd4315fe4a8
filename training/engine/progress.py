"""Progress: what a command says while a model is trained, from the records that the workers write."""

import contextlib
import logging
from collections.abc import Iterator, Sequence

from pipelines.contracts.durations import duration
from pipelines.contracts.mistakes import Mistake
from pipelines.passes.progress import told
from pipelines.store.store import Store
from training.engine import checkpoint, metrics

LOGGER = logging.getLogger(__name__)


@contextlib.contextmanager
def progress_told(store: Store, steps: int, tokens_per_step: int, workers: int) -> Iterator[None]:
    """Says what is trained and then, now and then, how far the run in the folder of `store` has come."""
    LOGGER.info("training: %s steps of %s tokens on %d worker(s)", f"{steps:,}", f"{tokens_per_step:,}", workers)

    def line() -> str:
        try:
            return progress(metrics.read(store), steps, checkpoint.complete_steps(store))
        except (OSError, Mistake):  # a store that is away for a moment, or a damaged file, which a worker tells
            return ""

    with told(line):
        yield


def progress(records: list[metrics.Record], steps: int, checkpoints: Sequence[int]) -> str:
    """How far a run with these records has come, in one line; "" before the first one.

    Records are written before the checkpoint of their step, so a checkpoint beyond the last record was passed by.
    """
    if not records:
        return ""
    last = records[-1]
    damaged = [f"{step:,}" for step in checkpoints if step > last["step"]]
    again = (
        f"; the checkpoint of step {', '.join(damaged)} is damaged, so an earlier one was taken up" if damaged else ""
    )
    left = last["seconds"] / last["step"] * (steps - last["step"])
    return (
        f"training: step {last['step']:,} of {steps:,}, loss {last['loss']:.3f}, "
        f"{last['tokens_per_second']:,.0f} tokens/s, about {duration(left)} left{again}"
    )
