"""Source of a rehearsal: a sample of another source's documents."""

from typing import Annotated, Literal

from pydantic import Field

from pipelines.contracts.source import Quotas
from pipelines.sources.parquet import Parquet


class Sampled(Parquet):
    """Parquet files that hold a sample of the documents of another source, with that source's quotas cut in proportion.

    `share` says how much of the other source the sample stands for.
    """

    share: float = Field(gt=0)
    parts: dict[str, Annotated[float, Field(ge=0)]] | None = None
    count: Literal["rows", "tokens"] = "rows"

    def quotas(self) -> Quotas | None:
        """The share of each part of the other source's quotas, where it has some."""
        return None if self.parts is None else Quotas(self.parts, self.count)
