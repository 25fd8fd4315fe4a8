"""Progress: what a command says now and then while long work goes on."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipelines.contracts.durations import duration

LOGGER = logging.getLogger(__name__)
EVERY_SECONDS = 20.0


@contextlib.contextmanager
def told(line: Callable[[], str]) -> Iterator[None]:
    """While what is inside goes on, `line()` is logged every EVERY_SECONDS, where it is neither "" nor the last one."""
    ended = threading.Event()
    thread = threading.Thread(target=_tell, args=(line, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _tell(line: Callable[[], str], ended: threading.Event) -> None:
    last = ""
    while not ended.wait(EVERY_SECONDS):
        if (now := line()) not in ("", last):
            LOGGER.info(now)
            last = now


@dataclass
class UnitsDone:
    """How many units of a pass are done, and how long the others will take."""

    stage: str
    units: int
    done: int = 0
    begun: float = field(default_factory=time.monotonic)

    def line(self) -> str:
        """'clean-4b8e5244e760: 120 of 1,000 units, about 9 min 12 s left'."""
        left = ""
        if self.done:
            seconds = (time.monotonic() - self.begun) / self.done * (self.units - self.done)
            left = f", about {duration(seconds)} left"
        return f"{self.stage}: {self.done:,} of {self.units:,} units{left}"
