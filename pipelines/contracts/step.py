"""Step: the contract of one pass over a stored dataset, and what it sees of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.component import Component
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import GENRE, ID, SOURCE, TEXT, Fitted, Outcome, Resources

if TYPE_CHECKING:
    import ray.data


@dataclass(frozen=True, eq=False)
class Place:
    """Where each row of a table stands in the dataset it was read from: (n,) its shard, (n,) its row in that shard."""

    shards: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int64]

    @classmethod
    def in_shard(cls, shard: int, first_row: int, count: int) -> "Place":
        """So many rows of one shard, one after the other."""
        return cls(np.full(count, shard, np.int32), np.arange(first_row, first_row + count))

    @classmethod
    def joined(cls, places: Sequence["Place"]) -> "Place":
        """The places of tables that were put one below the other."""
        return cls(np.concatenate([each.shards for each in places]), np.concatenate([each.rows for each in places]))


StepFn = Callable[[pa.Table, Place], Outcome]


class Corpus(Protocol):
    """A stored dataset as a step's `fit` sees it; small and picklable, so workers can hold it too."""

    @property
    def documents(self) -> int:
        """How many rows there are."""

    @property
    def details(self) -> dict[str, Any]:
        """What the step that made the dataset learned, as its `details` gave it."""

    @property
    def text_bytes(self) -> int:
        """UTF-8 bytes of all texts together."""

    def rows(self, columns: Sequence[str]) -> "ray.data.Dataset":
        """A pass over these columns, with each row's SHARD and ROW."""

    def drawn(self, columns: Sequence[str], share: float, seed: int, purpose: str) -> "ray.data.Dataset":
        """A pass over these columns of the rows whose `uniform(id, seed, purpose)` is below `share`, and no others."""

    def put(self, name: str, table: pa.Table) -> None:
        """Keeps a side table of this build, from any worker."""

    def get(self, name: str) -> pa.Table | None:
        """The side table that was put under this name in this build, or None."""


class Step(Component):
    """One pass over a stored dataset: an optional global look at some columns, then a decision row by row.

    `columns` must be there; `fit` sees them as a Ray Dataset (with `_shard` and `_row`), and what it returns is handed
    to `open` in every worker. What a row becomes depends on the row, its place and `fit` alone.
    """

    family: ClassVar[str] = "pipelines.steps"
    suffix: ClassVar[str] = "parquet"  # format of the shards: parquet, or arrow to be memory-mapped

    @property
    def columns(self) -> list[str]:
        """The columns that must be there before the step."""
        return [TEXT]

    @property
    def adds(self) -> list[str]:
        """The columns that every row has after the step, beside those that it had before."""
        return []

    @property
    def seeded(self) -> bool:
        """Whether the run's seed changes what the step computes, and so its address."""
        return False

    @property
    def by_row_group(self) -> bool:
        """Whether the unit of work is a row group instead of a shard: for steps that run a model on every text."""
        return False

    @property
    def resources(self) -> Resources:
        """What one worker takes."""
        return Resources()

    def check(self) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """One global look at the corpus before any row is decided; most steps need none."""
        return {}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function for one table of rows; called once in each worker."""
        raise NotImplementedError

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """What `fit` learned that a person would want to see in the manifest, as JSON data."""
        return {}

    def artifacts(self, fitted: Fitted) -> dict[str, bytes]:
        """What `fit` learned that has to outlive the build, as named files beside the shards."""
        return {}

    def in_sample(self, share: float) -> Self:
        """The same step for a sample that is `share` of the corpus; what it keeps by number is cut with it."""
        return self

    def fit_flops(self, fitted: Fitted) -> float:
        """Floating-point operations that models spent in `fit`; those of the rows are counted as `flops` by `open`."""
        return 0.0


def free_column(what: str, column: str) -> str:
    """The column that a step adds; Mistake where `what`, such as "a score", would replace what every document has."""
    if column in (ID, TEXT, SOURCE, GENRE):
        raise Mistake(f"{what} named '{column}' would replace what documents have there; choose another name")
    return column


def require_columns(name: str, wanted: Sequence[str], present: Sequence[str]) -> None:
    """Raises Mistake with the cure where a step's column is not there."""
    for column in wanted:
        if column not in present:
            raise Mistake(
                f"step '{name}' needs the column '{column}', which is not among {sorted(present)}; add a score step "
                f"named '{column}' before it, or name one of these columns"
            )
