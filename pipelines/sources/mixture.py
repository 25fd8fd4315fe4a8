"""Source `mixture`: named parts with weights, thinned to a budget of rows or tokens."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import pyarrow as pa
from pydantic import Field, model_validator

from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import SOURCE, Read, Resources
from pipelines.contracts.source import Quotas, Source
from pipelines.corpus.ranks import as_written
from pipelines.sources.reading.documents import free_name

SEPARATOR = "::"
PART_SOURCE = "part_source"


class Part(Spec):
    """One part of a mixture; weights are relative, they need not sum to 1, and are equal where none is given."""

    source: Source
    weight: float = Field(default=1.0, gt=0)


class Mixture(Source):
    """Documents of several sources; `source` becomes the part's name, an own `source` column goes on as `part_source`.

    With a `budget`, each part gives its weight's share of that many `rows` or `tokens`, drawn by the hash of the id;
    a token is a run of characters between white space here, since no codec is trained yet. A part that has less gives
    all it has, and nothing is taken twice. Without one everything is taken, so there is nothing to weigh.
    """

    version: ClassVar[int] = 2  # 2: weights are the decimal numbers that were written

    parts: dict[str, Part] = Field(min_length=1)
    budget: int | None = Field(default=None, gt=0)
    count: Literal["rows", "tokens"] = "rows"

    @model_validator(mode="after")
    def _names_can_be_told_apart(self) -> "Mixture":
        for name in self.parts:
            if SEPARATOR in name or not name:
                raise Mistake(f"the part name '{name}' cannot be used; choose one without '{SEPARATOR}'")
            if self.parts[name].source.quotas():
                raise Mistake(f"part '{name}' has a budget of its own; give its parts to this mixture with weights")
        return self

    @model_validator(mode="after")
    def _weights_have_a_budget(self) -> "Mixture":
        if self.budget is None and len({part.weight for part in self.parts.values()}) > 1:
            raise Mistake(
                "the weights of the parts differ, but without a `budget` every document is taken; give a `budget` of "
                "rows or tokens, or leave the weights out"
            )
        return self

    @property
    def resources(self) -> Resources:
        """What one reading worker takes: the resources of the part that asks for the most GPUs, then the most CPUs."""
        return max((part.source.resources for part in self.parts.values()), key=lambda each: (each.gpus, each.cpus))

    def files(self) -> list[str]:
        """Every part's files, sorted, each written behind its part's name."""
        return sorted(f"{name}{SEPARATOR}{file}" for name, part in self.parts.items() for file in part.source.files())

    def check(self) -> None:
        """Raises Mistake where the input of a part is missing or has no text column."""
        for part in self.parts.values():
            part.source.check()

    def size(self, file: str) -> int:
        """Bytes of the file as stored, as its part counts them."""
        name, inner = self._split(file)
        return self.parts[name].source.size(inner)

    def read(self, file: str) -> Iterator[Read]:
        """The documents of the file as its part reads them, `source` being the part's name."""
        name, inner = self._split(file)
        return _of_part(name, self.parts[name].source.read(inner))

    def splits(self, file: str) -> bool:
        """Whether the file's part can read stretches of it."""
        name, inner = self._split(file)
        return self.parts[name].source.splits(inner)

    def read_stretch(self, file: str, number: int, count: int) -> Iterator[Read]:
        """The documents of a stretch of the file as its part reads them, `source` being the part's name."""
        name, inner = self._split(file)
        return _of_part(name, self.parts[name].source.read_stretch(inner, number, count))

    def fingerprint(self) -> dict[str, str]:
        """Nothing: the parts are parameters, and each brings its own fingerprint into the address."""
        return {}

    def quotas(self) -> Quotas | None:
        """Each part's share of the budget, in proportion to its weight; None without a budget."""
        if self.budget is None:
            return None
        weights = {name: as_written(part.weight) for name, part in self.parts.items()}
        total = sum(weights.values())
        shares = {name: float(self.budget * weight / total) for name, weight in weights.items()}
        return Quotas(shares, self.count)

    def _split(self, file: str) -> tuple[str, str]:
        name, _, inner = file.partition(SEPARATOR)
        return name, inner


def _of_part(name: str, reads: Iterator[Read]) -> Iterator[Read]:
    for read in reads:
        yield Read(_named(read.rows, name), read.bad)


def _named(rows: pa.Table, name: str) -> pa.Table:
    if SOURCE in rows.column_names:
        aside = PART_SOURCE if PART_SOURCE not in rows.column_names else free_name(PART_SOURCE, {*rows.column_names})
        rows = rows.rename_columns([aside if column == SOURCE else column for column in rows.column_names])
    return rows.append_column(SOURCE, pa.array([name] * rows.num_rows, pa.string()))
