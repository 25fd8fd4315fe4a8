"""Documents that are one half of a task's items."""

from collections.abc import Iterator

import pyarrow as pa

from pipelines.contracts import task as contract
from pipelines.contracts.rows import GENRE, SOURCE, TEXT, Read
from pipelines.contracts.source import Source


class Task(Source):
    """The items of one half of a task, each its right option in full; `source` and `genre` are the task's name.

    Examples are left out: they are of the target half, whichever half is read. So a selection can be steered by the
    one half (`ngram_importance`) while the other is held out (`decontaminate`, `evaluation.held_out`).
    """

    task: contract.Task
    half: contract.Half = "target"

    def files(self) -> list[str]:
        """One entry, the task's name: which half a row is in shows only when all are read."""
        return [self.task.name]

    def check(self) -> None:
        """Raises Mistake where the task has no files, or a row of which no item can be made."""
        self.task.check()

    def size(self, file: str) -> int:
        """Bytes of the half's texts."""
        return sum(len(text.encode()) for text in self._texts())

    def read(self, file: str) -> Iterator[Read]:
        """All items of the half in one batch, by id."""
        texts = self._texts()
        names = pa.array([self.task.name] * len(texts), pa.string())
        yield Read(rows=pa.table({TEXT: pa.array(texts, pa.string()), SOURCE: names, GENRE: names}))

    def _texts(self) -> list[str]:
        return [item.text for item in self.task.model_copy(update={"shots": 0}).items(self.half)]
