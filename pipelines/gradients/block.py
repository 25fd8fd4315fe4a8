"""Block: which of the features belong to one weight."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """The features of one weight: where they stand among all, from `start` up to `end`."""

    name: str
    start: int
    end: int
