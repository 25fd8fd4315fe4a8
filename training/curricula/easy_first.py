"""Easy first: training starts on the easiest sequences and the rest joins in steps."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from training.contracts import Curriculum, IntArray


class EasyFirst(Curriculum):
    """The easiest `start_share` of the sequences is active at first; the active share grows until it is everything.

    The iterative curriculum of TinyHelen (EXP3), with growth by position in the run in the place of growth
    whenever the validation loss stalls, so that the order is an array known beforehand. `growth_share` of the run is
    spent growing: `linear`, `root` (share grows with the square root of time: competence, Platanios et al. 2019,
    equation 7) by `step_share` at a time, or in a single `step` at its end. The active sequences are dealt like a
    deck of cards: each once before any is dealt again, newcomers shuffled into what is left of the deck.
    """

    start_share: float = Field(default=0.25, gt=0, le=1)
    step_share: float = Field(default=0.05, gt=0, le=1)
    growth: Literal["linear", "root", "step"] = "linear"
    growth_share: float = Field(default=0.5, ge=0, le=1)

    def plan(self, buckets: npt.NDArray[np.uint8], draws: int, seed: int) -> IntArray:
        """(draws,) sequence numbers; equal difficulty is ordered by a seeded shuffle."""
        generator = np.random.default_rng(seed)
        easiest = np.lexsort((generator.permutation(len(buckets)), buckets))
        shares, times = self.stages()
        sizes = np.ceil(shares * len(buckets)).astype(np.int64)
        ends = np.round(np.append(times[1:], 1.0) * draws).astype(np.int64)
        deck, active, dealt = easiest[:0], 0, [np.empty(0, np.int64)]
        for size, stage_draws in zip(sizes, np.diff(ends, prepend=0), strict=True):
            deck = generator.permutation(np.concatenate([deck, easiest[active:size]]))
            active = int(size)
            taken, deck = _deal(deck, easiest[:active], int(stage_draws), generator)
            dealt.append(taken)
        return np.concatenate(dealt).astype(np.int64)

    def stages(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(stages,) active shares, the last one 1, and (stages,) the shares of the run at which each begins, from 0."""
        start = self.start_share
        if start == 1:
            return np.ones(1), np.zeros(1)
        if self.growth == "step":
            return np.array([start, 1.0]), np.array([0.0, self.growth_share])
        shares = np.append(np.arange(start, 1 - 1e-9, self.step_share), 1.0)
        power = 1 if self.growth == "linear" else 2
        return shares, self.growth_share * (shares**power - start**power) / (1 - start**power)


def _deal(deck: IntArray, active: IntArray, draws: int, generator: np.random.Generator) -> tuple[IntArray, IntArray]:
    """The next `draws` sequences and the deck that is left; an empty deck is made anew of all active sequences."""
    taken = [deck[:draws]]
    missing, deck = draws - len(taken[0]), deck[draws:]
    while missing > 0:
        deck = generator.permutation(active)
        taken.append(deck[:missing])
        missing, deck = missing - len(taken[-1]), deck[missing:]
    return np.concatenate(taken), deck
