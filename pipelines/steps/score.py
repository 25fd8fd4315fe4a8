"""Step `score`: a scorer's number for every row, as a column named after the step."""

from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import field_validator

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Fitted, FloatArray, Outcome, Resources
from pipelines.contracts.scorer import Scorer, Scores
from pipelines.contracts.step import Corpus, Place, Step, StepFn, free_column
from pipelines.store.manifest import FLOPS


class Score(Step):
    """Adds `column`, float64 and finite, to every row; `column` is the step's name in the config unless given.

    What the scorer gives beside the score becomes the columns `<column>_<name>`.
    """

    scorer: Scorer
    column: str

    @field_validator("column")
    @classmethod
    def _is_free(cls, column: str) -> str:
        return free_column("a score", column)

    @property
    def columns(self) -> list[str]:
        """The columns that the scorer reads."""
        return self.scorer.columns

    @property
    def adds(self) -> list[str]:
        """The column of the score, and `<column>_<name>` for every number that the scorer gives beside it."""
        return [self.column, *(self._beside(name) for name in self.scorer.adds)]

    @property
    def seeded(self) -> bool:
        """Whether the scorer's fit draws by the seed."""
        return self.scorer.seeded

    @property
    def by_row_group(self) -> bool:
        """True for scorers that load a model in a pool of workers."""
        return self.scorer.resources.workers > 0

    @property
    def resources(self) -> Resources:
        """What one scoring worker takes, as the scorer says."""
        return self.scorer.resources

    def check(self) -> None:
        """Raises Mistake with the cure for what is wrong with the scorer, before any work starts."""
        self.scorer.check()

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """What the scorer learns from its global look at the corpus; empty where it takes none."""
        return self.scorer.fit(corpus, seed)

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function that adds the scores to one table of rows; Mistake where a score is not finite."""
        score = self.scorer.open(fitted)

        def add_scores(rows: pa.Table, place: Place) -> Outcome:
            scores = score(rows.select(self.scorer.columns))
            kept = rows.drop_columns([name for name in self.adds if name in rows.column_names])
            for name, values in self._columns(scores).items():
                kept = kept.append_column(name, pa.array(self._checked(values, rows.num_rows)))
            return Outcome(kept, counts={FLOPS: scores.flops})

        return add_scores

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """What the scorer learned in `fit`, as JSON data for the manifest."""
        return self.scorer.details(fitted)

    def fit_flops(self, fitted: Fitted) -> float:
        """Floating-point operations that the scorer's models spent in `fit`."""
        return self.scorer.fit_flops(fitted)

    def _columns(self, scores: Scores) -> dict[str, FloatArray]:
        return {self.column: scores.values, **{self._beside(name): scores.more[name] for name in self.scorer.adds}}

    def _beside(self, name: str) -> str:
        return f"{self.column}_{name}"

    def _checked(self, values: FloatArray, rows: int) -> FloatArray:
        values = np.asarray(values, dtype=np.float64)
        if values.shape != (rows,) or not np.isfinite(values).all():
            raise Mistake(f"scorer '{self.scorer.kind}' has to give {rows} finite numbers")
        return values
