"""Step `score`: a scorer's number for every text, as a column named after the step."""

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import TEXT, Fitted, Outcome, Resources
from pipelines.contracts.scorer import Scorer
from pipelines.contracts.step import Corpus, Place, Step, StepFn


class Score(Step):
    """Adds `column`, float64 and finite, to every row; `column` is the step's name in the config unless given."""

    scorer: Scorer
    column: str

    @property
    def by_row_group(self) -> bool:
        """For scorers that load a model in a pool of workers."""
        return self.scorer.resources.workers > 0

    @property
    def resources(self) -> Resources:
        """What the scorer takes."""
        return self.scorer.resources

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """The scorer's own look at the corpus."""
        return self.scorer.fit(corpus.rows([TEXT]))

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """Opens the scorer once."""
        score = self.scorer.open(fitted)

        def add_scores(rows: pa.Table, place: Place) -> Outcome:
            texts = rows[TEXT].combine_chunks()
            scores = score(texts)
            values = np.asarray(scores.values, dtype=np.float64)
            if values.shape != (rows.num_rows,) or not np.isfinite(values).all():
                raise ValueError(f"scorer '{self.scorer.kind}' has to give {rows.num_rows} finite numbers")
            present = rows.drop_columns([self.column]) if self.column in rows.column_names else rows
            return Outcome(present.append_column(self.column, pa.array(values)), counts={"flops": scores.flops})

        return add_scores
