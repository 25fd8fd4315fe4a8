"""Results: what the manifest of a sweep keeps in its details."""

from typing import Any

from pipelines.store.manifest import Stored


class Trial(Stored):
    """One trial: the values at its dotted paths, how it ended, and what it came to.

    `state` is `finished`, `stopped` (cut short by ASHA) or `diverged`. `share` is how much of its training it had,
    1 where it was all. `curve` holds pairs of share and held-out bits per byte; `addresses` are those of a finished
    trial's data, training and evaluation.
    """

    number: int
    values: dict[str, Any]
    state: str
    bits_per_byte: float
    share: float
    steps: int
    flops: float
    seconds: float
    curve: list[tuple[float, float]]
    addresses: dict[str, str] = {}


class Swept(Stored):
    """All trials in the order in which they ended, and the number of the best one that finished."""

    trials: list[Trial]
    best: int
