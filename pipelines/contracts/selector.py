"""Selector: the contract of a choice among the rows of a corpus."""

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from pipelines.contracts.component import Component
from pipelines.contracts.rows import FloatArray


class Selector(Component):
    """Orders rows by a key and says how much of the total mass to keep: highest keys first, until the budget is full.

    One that wants the middle of its order says how much of the mass with the highest keys is passed over before.

    The key of a row depends on that row alone, so the decision is the same in any order and on any number of
    workers; equal keys are told apart by a hash of the row's id.
    """

    family: ClassVar[str] = "pipelines.selectors"

    @property
    def columns(self) -> list[str]:
        """The columns that `key` and `mass` read, beside `id`."""
        raise NotImplementedError

    def key(self, rows: pa.Table, seed: int) -> FloatArray:
        """(n,) keys, finite; rows with higher keys are kept first."""
        raise NotImplementedError

    def mass(self, rows: pa.Table) -> FloatArray:
        """(n,) what keeping each row costs: 1 for a row, or its number of tokens or bytes."""
        return np.ones(rows.num_rows)

    def budget(self, total_mass: float) -> float:
        """How much mass may be kept out of `total_mass`."""
        raise NotImplementedError

    def passed_over(self, total_mass: float, kept_mass: float) -> float:
        """How much mass with the highest keys is left out, where `kept_mass` of `total_mass` is to be kept."""
        return 0.0

    def in_sample(self, share: float) -> Self:
        """The same choice among a sample that is `share` of the corpus; a budget of its own numbers is cut with it."""
        return self
