"""Selector `importance_sample`: a random sample whose odds follow a log weight, without replacement."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.rows import ID, FloatArray
from pipelines.corpus.by_score import ByScore
from pipelines.corpus.randomness import uniform
from pipelines.corpus.ranks import Measure, finite_key, mass_of, measure_columns, share_of


class ImportanceSample(ByScore):
    """Draws a `fraction` of the documents, or of their text bytes, with odds exp(`by` / temperature).

    Gumbel top-k: adding Gumbel noise to the log weights and keeping the highest is sampling without replacement (DSIR,
    arXiv 2302.03169, section 3). `by` is a column of log weights, as `ngram_importance` writes. A high temperature
    comes near `random`, a low one near `top_fraction`. `doubt` times the error of a log weight, the column
    `<by>_error`, is taken from it.
    """

    version: ClassVar[int] = 2  # 2: the fraction is the decimal number that was written

    fraction: float = Field(default=0.5, gt=0, le=1)
    temperature: float = Field(default=1.0, gt=0)
    of: Measure = "rows"

    @property
    def columns(self) -> list[str]:
        """What the score is read from, and `text` where bytes are counted."""
        return [*self.score_columns, *measure_columns(self.of)]

    def key(self, rows: pa.Table, seed: int) -> FloatArray:
        """(n,) log weight / temperature + Gumbel noise of the row's id."""
        draws = uniform(rows[ID].combine_chunks(), seed, "selectors.importance_sample")
        with np.errstate(over="ignore"):
            scaled = self.score(rows) / self.temperature
        return finite_key(scaled - np.log(-np.log(draws)))

    def mass(self, rows: pa.Table) -> FloatArray:
        """(n,) what each row counts for: 1, or the UTF-8 bytes of its text."""
        return mass_of(rows, self.of)

    def budget(self, total_mass: float) -> float:
        """`fraction` of the total mass."""
        return share_of(total_mass, self.fraction)
