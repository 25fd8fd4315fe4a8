"""Manifest: what the store keeps about a finished dataset, its shards and its units of work."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.contracts.mistakes import Mistake

OTHER_RELEASE = "use the release that made it, or make it anew"
FLOPS = "flops"  # the count of floating-point operations that models spent


class Stored(BaseModel):
    """What is written to the store as JSON and read back as it was; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


D = TypeVar("D", bound=Stored)


class Shard(Stored):
    """One file of a dataset: its path inside the store, documents or sequences, bytes of text, and xxh3 of the file."""

    file: str
    rows: int
    bytes: int
    checksum: str
    row_groups: int = 1
    file_bytes: int | None = Field(default=None, description="size of the file; None where an older release wrote it")


class UnitRecord(Stored):
    """What one finished unit of work read, wrote and dropped."""

    unit: str
    shards: list[Shard] = []
    rows_in: int = 0
    bytes_in: int = 0
    dropped: dict[str, int] = {}
    bad: dict[str, int] = {}
    bad_files: dict[str, int] = {}
    file_bytes: int = Field(default=0, description="stored bytes of the input files")
    damaged_files: dict[str, int] = Field(default={}, description="stored bytes of files with an unknown loss")
    counts: dict[str, float] = {}
    samples: list[dict[str, str]] = []
    examples: list[dict[str, str]] = []
    columns: list[dict[str, str]] = Field(default=[], description="name and type of the columns of each shard")
    seconds: float = 0.0


class Manifest(Stored):
    """The description of a finished dataset, model or measurement; immutable once written."""

    address: str
    name: str
    kind: str
    ingredients: dict[str, Any]
    inputs: list[str] = []
    shards: list[Shard] = []
    columns: dict[str, str] = {}
    rows_in: int = 0
    bytes_in: int = 0
    rows: int = 0
    bytes: int = 0
    dropped: dict[str, int] = {}
    bad: dict[str, int] = {}
    counts: dict[str, float] = {}
    samples: list[dict[str, str]] = []
    examples: list[dict[str, str]] = []
    details: dict[str, Any] = {}
    files: dict[str, str] = Field(default={}, description="other files by their role, as paths inside the store")
    worker_seconds: float = 0.0
    seconds: float = 0.0
    provenance: dict[str, str] = {}

    @property
    def flops(self) -> float:
        """Floating-point operations that models spent on this result; 0 where none was asked."""
        return self.counts.get(FLOPS, 0.0)

    def details_as(self, kind: type[D]) -> D:
        """The details as the class that this kind of result writes; Mistake where they are others."""
        try:
            return kind.model_validate(self.details)
        except ValidationError as error:
            raise Mistake(f"the details of '{self.address}' are of another release; {OTHER_RELEASE}") from error
