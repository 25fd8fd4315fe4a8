"""Engine: the contract of what answers prompts, and the prompts and replies themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pipelines.contracts.component import Component
from pipelines.contracts.rows import Resources


@dataclass(frozen=True)
class Message:
    """One chat message."""

    role: str
    content: str


@dataclass(frozen=True)
class Prompt:
    """One request to an engine: the chat messages, and the bare text in question for engines that are no chat model.

    `genre` is the kind of text whose instructions the messages hold, and `attempt` counts how often the same text was
    asked about before: an engine that samples draws another reply for each.
    """

    messages: tuple[Message, ...]
    text: str
    max_tokens: int = 1024
    genre: str | None = None
    attempt: int = 0


@dataclass(frozen=True)
class Reply:
    """An engine's answer. `finish` is 'stop' for a whole reply, 'length' for one cut off, else the engine's error."""

    text: str
    finish: str = "stop"
    tokens_in: int = 0
    tokens_out: int = 0


EngineFn = Callable[[Sequence[Prompt]], list[Reply]]


class Engine(Component):
    """Answers prompts: a model in this process, a server, or rules."""

    family: ClassVar[str] = "pipelines.engines"

    @property
    def resources(self) -> Resources:
        """What one engine worker takes."""
        return Resources()

    def check(self) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""

    def open(self) -> EngineFn:
        """The running engine; called once in each worker. The n-th reply answers the n-th prompt."""
        raise NotImplementedError

    def flops(self, tokens_in: float, tokens_out: float) -> float:
        """Floating-point operations that so many tokens cost; 0 where no model is run."""
        return 0.0
