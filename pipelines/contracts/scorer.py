"""Scorer: the contract of what gives every text a number."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from pipelines.contracts.component import Component
from pipelines.contracts.rows import Fitted, FloatArray, Resources

if TYPE_CHECKING:
    import ray.data


@dataclass(frozen=True)
class Scores:
    """(n,) finite numbers, one for each text, and the floating-point operations that a model spent on them."""

    values: FloatArray
    flops: float = 0.0


ScoreFn = Callable[[pa.Array], Scores]  # (n,) texts -> their scores


class Scorer(Component):
    """Gives every text a finite number; what the number means and which end is better is the docstring's first line."""

    family: ClassVar[str] = "pipelines.scorers"

    @property
    def resources(self) -> Resources:
        """What one scoring worker takes."""
        return Resources()

    def fit(self, rows: "ray.data.Dataset") -> Fitted:
        """One pass over the column `text` of the whole corpus; most scorers need none."""
        return {}

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function; called once in each worker with what `fit` returned."""
        raise NotImplementedError
