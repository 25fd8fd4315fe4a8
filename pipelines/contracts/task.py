"""Task: the contract of what a model is asked, in two halves: one to choose data by, one that is held out."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field

from pipelines.contracts.component import Component

Half = Literal["target", "held_out"]


@dataclass(frozen=True)
class Option:
    """One way to go on: all that a model reads before, and what is scored, with the space between the two."""

    context: str
    continuation: str


@dataclass(frozen=True)
class Item:
    """One question: its options, of which the one at `gold` is right; where there is one, nothing is to choose.

    `id` is a hash of the options and of which one is right, 32 hexadecimal digits; examples before them are not in it.
    """

    id: str
    options: tuple[Option, ...]
    gold: int

    @property
    def text(self) -> str:
        """The right option's context and continuation."""
        right = self.options[self.gold]
        return right.context + right.continuation


class Task(Component):
    """Questions in two halves; `name` is what reports call it, `category` what they sum it up under.

    With `shots`, so many examples from the target half stand before every item; `seed` draws them and nothing else.
    """

    family: ClassVar[str] = "pipelines.tasks"

    name: str = Field(min_length=1)
    category: str = ""
    shots: int = Field(default=0, ge=0)
    seed: int = Field(default=0, ge=0)

    def files(self) -> list[str]:
        """Every file that the items are read from, sorted; Mistake with the cure when there is none."""
        raise NotImplementedError

    def items(self, half: Half) -> list[Item]:
        """The items of one half by id, the same for any order of the rows.

        Items that are related are in one half, whatever the seed. An item is never among its own examples.
        """
        raise NotImplementedError

    def check(self) -> None:
        """Raises Mistake with the cure before any work starts: no such file, a row of which no item can be made."""
        self.items("target")
