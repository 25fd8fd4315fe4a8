"""Selector `token_budget`: the best documents until a given number of tokens is reached."""

from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts.rows import TEXT, FloatArray
from pipelines.corpus.by_score import ByScore
from pipelines.corpus.ranks import Order, mass_of

TEXT_BYTES = "bytes"


class TokenBudget(ByScore):
    """Keeps the best documents by the column `by` whose masses together do not exceed `tokens`.

    A document's mass is its value in the column `count` (say, the number of its tokens); `count: bytes` takes the
    UTF-8 bytes of its text, which need no column. A null, negative or NaN mass counts as 0. `doubt` times the score's
    error, the column `<by>_error`, counts against a document.
    """

    tokens: float = Field(gt=0)
    count: str = Field(default=TEXT_BYTES, min_length=1)
    order: Order = "descending"

    @property
    def columns(self) -> list[str]:
        """What the score is read from, and the column `count`, or `text` where bytes are counted."""
        return [*self.score_columns, TEXT if self.count == TEXT_BYTES else self.count]

    def key(self, rows: pa.Table, seed: int) -> FloatArray:
        """(n,) the column, negated where the lowest are wanted, less `doubt` times its error."""
        return self.score(rows, self.order)

    def mass(self, rows: pa.Table) -> FloatArray:
        """(n,) what each document takes of the budget, not negative."""
        if self.count == TEXT_BYTES:
            return mass_of(rows, "bytes")
        counts = pc.cast(rows[self.count], pa.float64(), safe=False).fill_null(0.0).to_numpy()
        masses: FloatArray = pc.max_element_wise(pa.array(counts, from_pandas=True), 0.0).to_numpy()
        return masses

    def budget(self, total_mass: float) -> float:
        """`tokens`, or the total mass where that is less."""
        return min(self.tokens, total_mass)

    def in_sample(self, share: float) -> Self:
        """`tokens` in proportion."""
        return self.model_copy(update={"tokens": self.tokens * share})
