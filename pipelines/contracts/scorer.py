"""Scorer: the contract of what gives every row a number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pyarrow as pa

from pipelines.contracts.component import Component
from pipelines.contracts.rows import TEXT, Fitted, FloatArray, Resources
from pipelines.contracts.step import Corpus


@dataclass(frozen=True)
class Scores:
    """(n,) finite numbers, one for each row, and the floating-point operations that a model spent on them.

    `more` holds an array like `values` for every name of the scorer's `adds`.
    """

    values: FloatArray
    flops: float = 0.0
    more: Mapping[str, FloatArray] = field(default_factory=dict)


ScoreFn = Callable[[pa.Table], Scores]  # (n,) rows with the scorer's columns -> their scores


class Scorer(Component):
    """Gives every row a finite number; what the number means and which end is better is the docstring's first line."""

    family: ClassVar[str] = "pipelines.scorers"

    @property
    def seeded(self) -> bool:
        """Whether `fit` draws with the run's seed, which is then part of the address."""
        return False

    @property
    def columns(self) -> list[str]:
        """The columns that `fit` and the scoring function read."""
        return [TEXT]

    @property
    def adds(self) -> list[str]:
        """Names of numbers beside the score, such as its error; each becomes a column `<score>_<name>`."""
        return []

    @property
    def resources(self) -> Resources:
        """What one scoring worker takes."""
        return Resources()

    def check(self) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """One global look at the scorer's columns before any row is scored; most scorers need none."""
        return {}

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function; called once in each worker with what `fit` returned."""
        raise NotImplementedError

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """What `fit` learned that a person would want to see in the manifest, as JSON data."""
        return {}

    def fit_flops(self, fitted: Fitted) -> float:
        """Floating-point operations that models spent in `fit`."""
        return 0.0
