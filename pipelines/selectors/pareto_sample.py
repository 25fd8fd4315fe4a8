"""Selector `pareto_sample`: a random sample in which likely documents are common and unlikely ones still occur."""

import numpy as np
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.rows import ID, FloatArray
from pipelines.contracts.selector import Selector
from pipelines.corpus.randomness import uniform
from pipelines.corpus.ranks import Measure, Order, finite_key, mass_of, measure_columns, probabilities, share_of


class ParetoSample(Selector):
    """Draws until a `fraction` of the documents, or of their text bytes, is kept: each if Pareto(alpha) > 1 - `by`.

    That is the filter of GPT-3 (arXiv 2005.14165, appendix A), repeated over the documents that are left until there
    are enough, as DSIR compares itself with it (arXiv 2302.03169). `by` is the probability, as of a classifier, that a
    document is of the wanted kind; `order: ascending` takes its opposite. One draw is passed with probability
    p = (2 - `by`)^-alpha, so the draw that a document passes first has the number ceil(log u / log(1 - p)) for a
    uniform u: the documents with the lowest numbers are those that repeated draws keep, and of the last draw a random
    part fills the budget. A row without a probability comes last.
    """

    by: str = Field(min_length=1)
    fraction: float = Field(default=0.5, gt=0, le=1)
    alpha: float = Field(default=9.0, gt=0, le=100)
    order: Order = "descending"
    of: Measure = "rows"

    @property
    def columns(self) -> list[str]:
        """The column `by`, and `text` where bytes are counted."""
        return [self.by, *measure_columns(self.of)]

    def key(self, rows: pa.Table, seed: int) -> FloatArray:
        """(n,) minus the number of the draw that each row passes first, from 1 on."""
        probability = probabilities(rows, self.by)
        likely = probability if self.order == "descending" else 1 - probability
        draws = uniform(rows[ID].combine_chunks(), seed, "selectors.pareto_sample")
        with np.errstate(divide="ignore"):  # where `by` is 1 every draw is passed, and log(1 - p) is -infinity
            number = np.ceil(np.log(draws) / np.log1p(-((2 - likely) ** -self.alpha)))
        return finite_key(-np.maximum(number, 1.0))

    def mass(self, rows: pa.Table) -> FloatArray:
        """(n,) what each row counts for: 1, or the UTF-8 bytes of its text."""
        return mass_of(rows, self.of)

    def budget(self, total_mass: float) -> float:
        """`fraction` of the total mass."""
        return share_of(total_mass, self.fraction)
