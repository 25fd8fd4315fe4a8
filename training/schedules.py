"""Learning-rate schedules: warm-up, then cosine, linear, or stable and decay; pure functions of the step."""

import math
from typing import Literal

Schedule = Literal["cosine", "linear", "wsd"]


def rate_share(
    schedule: Schedule, step: int, steps: int, warmup_share: float, decay_share: float, floor: float
) -> float:
    """The share of the peak learning rate that step `step` of `steps` (from 0) is taken with, in (0, 1].

    The first `warmup_share` of the steps rises linearly to 1. `cosine` and `linear` then fall to `floor` at the end;
    `wsd` stays at 1 and falls linearly over the last `decay_share` of the steps (MiniCPM, Hu et al. 2024, section 4).
    """
    warmup_steps = round(warmup_share * steps)
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    first = warmup_steps if schedule != "wsd" else max(warmup_steps, steps - round(decay_share * steps))
    gone = min(1.0, max(0.0, (step - first) / max(1, steps - first)))
    fall = (1 - math.cos(math.pi * gone)) / 2 if schedule == "cosine" else gone
    return 1 - (1 - floor) * fall
