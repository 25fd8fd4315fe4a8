"""Rewriter: the contract of turning a document into prompts and replies into a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pipelines.contracts.component import Component
from pipelines.contracts.engine import Prompt, Reply


@dataclass(frozen=True)
class Rewrite:
    """The text that goes on; `kept_original` is None for a rewritten text, else the reason the original was kept."""

    text: str
    kept_original: str | None = None


class Rewriter(Component):
    """Turns a document into prompts and the replies into a document; both are pure, the engine runs between them."""

    family: ClassVar[str] = "pipelines.rewriters"

    def prompts(self, text: str, genre: str | None) -> list[Prompt]:
        """The requests for one document, in order; a long document takes several."""
        raise NotImplementedError

    def accept(self, text: str, prompts: Sequence[Prompt], replies: Sequence[Reply]) -> Rewrite:
        """The rewritten document, or the original with a snake_case reason why no rewrite was taken."""
        raise NotImplementedError
