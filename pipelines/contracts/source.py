"""Source: the contract of where documents come from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from pipelines.contracts.component import Component
from pipelines.contracts.location import located
from pipelines.contracts.rows import Read, Resources


@dataclass(frozen=True)
class Quotas:
    """How much of every named part of a source goes on, in rows or tokens (runs of characters between white space)."""

    shares: dict[str, float]
    count: Literal["rows", "tokens"]


class Source(Component):
    """Where documents come from: a list of input files and a way to read one of them as a stream."""

    family: ClassVar[str] = "pipelines.sources"

    def files(self) -> list[str]:
        """Every input file, sorted; Mistake with the cure when there is none."""
        raise NotImplementedError

    def check(self) -> None:
        """Raises Mistake with the cure before any work starts: no such files, no text column in the first one."""
        self.files()

    @property
    def resources(self) -> Resources:
        """What one reading worker takes."""
        return Resources()

    def quotas(self) -> Quotas | None:
        """How much of each named part goes on, where the source is thinned after it was read; most sources are not."""
        return None

    def size(self, file: str) -> int:
        """Bytes of one input file as stored, so that small files can share a unit of work."""
        filesystem, path = located(file)
        return int(filesystem.size(path) or 0)

    def read(self, file: str) -> Iterator[Read]:
        """The documents of one file, in file order, in batches that fit in memory; text not yet given an id.

        A broken line, a truncated file or a row without text is returned as a bad row; it is never raised.
        """
        raise NotImplementedError

    def splits(self, file: str) -> bool:
        """Whether stretches of the file can be read by themselves, so that several workers share a large one."""
        return False

    def read_stretch(self, file: str, number: int, count: int) -> Iterator[Read]:
        """The documents of one of `count` stretches of a file that splits; all of them together are what `read` gives.

        Which documents a stretch holds follows from the file alone, and so does where a bad row is said to stand.
        """
        raise NotImplementedError
