"""Step `embed`: of every text a vector, as a column named after the step."""

import pyarrow as pa
from pydantic import field_validator

from pipelines.contracts.embedder import Embedder
from pipelines.contracts.rows import TEXT, Fitted, Outcome, Resources
from pipelines.contracts.step import Place, Step, StepFn, free_column
from pipelines.store.manifest import FLOPS
from pipelines.texts.vectors import as_column


class Embed(Step):
    """Adds `column`, a list of float32 of length 1, to every row; it is the step's name in the config unless given.

    Texts that have no vector, as empty ones, get zeros and are counted as `without_embedding`.
    """

    embedder: Embedder
    column: str

    @field_validator("column")
    @classmethod
    def _is_free(cls, column: str) -> str:
        return free_column("vectors", column)

    @property
    def adds(self) -> list[str]:
        """The column of the vectors."""
        return [self.column]

    @property
    def by_row_group(self) -> bool:
        """True: a model reads every text."""
        return True

    @property
    def resources(self) -> Resources:
        """What one worker takes, as the embedder says."""
        return self.embedder.resources

    def check(self) -> None:
        """Raises Mistake with the cure for what is wrong with the embedder, before any work starts."""
        self.embedder.check()

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function that adds the vectors to one table of rows, the embedder loaded."""
        embed = self.embedder.open()

        def add_vectors(rows: pa.Table, place: Place) -> Outcome:
            found = embed(rows[TEXT].to_pylist())
            kept = rows.drop_columns([self.column]) if self.column in rows.column_names else rows
            without = float((~found.vectors.any(axis=1)).sum())
            return Outcome(
                kept.append_column(self.column, as_column(found.vectors)),
                counts={FLOPS: found.flops, "without_embedding": without},
            )

        return add_vectors
