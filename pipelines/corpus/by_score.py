"""ByScore: what selectors share that choose by a score, of which it may be known how far it can be trusted."""

from typing import Annotated

import pyarrow as pa
from pydantic import Field

from pipelines.contracts.component import ADDED
from pipelines.contracts.rows import FloatArray
from pipelines.contracts.selector import Selector
from pipelines.corpus.ranks import Order, finite_key, wanted


class ByScore(Selector):
    """A choice by the column `by`, less `doubt` times the error of each score.

    The error is the column `<by>_error`, as the scorer `datamodel` adds it. It counts against a row whichever end of
    the column is wanted.
    """

    by: str = Field(min_length=1)
    doubt: Annotated[float, Field(ge=0), ADDED] = 0.0

    @property
    def score_columns(self) -> list[str]:
        """The column `by`, and that of its error where there is doubt."""
        return [self.by, *([self._error] if self.doubt else [])]

    def score(self, rows: pa.Table, order: Order = "descending") -> FloatArray:
        """(n,) finite numbers: the column, negated where the lowest are wanted, less `doubt` times the error.

        A row without a score comes last, and where there is doubt one without an error. Mistake where a column is not
        numeric.
        """
        scores = wanted(rows, self.by, order)
        if self.doubt:
            scores = scores - self.doubt * wanted(rows, self._error, "descending")
        return finite_key(scores)

    @property
    def _error(self) -> str:
        return f"{self.by}_error"
