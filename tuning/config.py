"""TuningConfig: the `tuning` section of a run: what to search, over how many trials, by which measure."""

from typing import Annotated, Literal

from pydantic import Field

from pipelines.contracts.component import PLACEMENT, Spec
from tuning.space import Dimension


class TuningConfig(Spec):
    """A sweep over the dotted config paths in `space`.

    Optuna's TPE draws the trials, seeded by the run's `seed`; ASHA (Li et al. 2020, algorithm 2) stops those whose
    `metric`, the lower the better, lags behind. With more than one trial at a time, what is drawn next depends on which
    of them ends first.
    """

    metric: Literal["bits_per_byte"] = "bits_per_byte"
    trials: int = Field(default=20, gt=0)
    space: dict[str, Dimension] = Field(min_length=1)
    grace_share: float = Field(
        default=0.25, gt=0.0, le=1.0, description="share of its training before a trial may be stopped"
    )
    reduction: int = Field(default=3, ge=2, description="one trial in so many goes on at each rung")
    concurrent: Annotated[int, PLACEMENT] = Field(default=1, gt=0)
