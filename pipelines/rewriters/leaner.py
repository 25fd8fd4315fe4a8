"""Rewriter `leaner`: text restated in the few plain words that a small child knows."""

import hashlib
import math
from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import Field, model_validator

from pipelines.contracts.engine import Message, Prompt, Reply
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rewriter import Rewrite, Rewriter
from pipelines.rewriters.checks.echo import echoed
from pipelines.rewriters.checks.ending import breaks_off
from pipelines.rewriters.checks.negations import turned_negations
from pipelines.rewriters.checks.numbers import invented_numbers
from pipelines.rewriters.checks.refusal import REFUSAL
from pipelines.rewriters.checks.remarks import has_remark
from pipelines.rewriters.checks.repetition import repetition
from pipelines.rewriters.checks.support import support
from pipelines.rewriters.prompts.genres import CHUNK_TOKENS, CODE, USUAL_GENRE, instructions
from pipelines.rewriters.prompts.marked_reply import is_closed, unmarked
from pipelines.texts.chunking import chunks, estimated_tokens

MARK_TOKENS = 64  # room in a reply for the marks and for rounding


class Leaner(Rewriter):
    """Rewrites a document for a reader before school age: at most 2000 common words, the simplest grammar, no noise.

    After TinyHelen (arXiv 2501.00522), its principle "no noise, low complexity" and its sizes of chunks by genre. The
    prompts are our own; other than there, a place becomes the kind of place that it is, since masks such as "FR land"
    fill the new text, and each request holds one chunk of one document, since the engine batches them.

    Every chunk needs a whole reply, and the document as a whole has to pass the limits below, else it stays as it was.
    The limits take 91 % of the paper's own rewrites, by GPT-4, and turn down 96 % of rewrites of another document of
    the same genre (5,266 pairs, on which they were set too).
    """

    version: ClassVar[int] = 3  # 2: chunks end at the sentences of the one rule; 3: replies with more faults are seen

    genre: str | None = Field(None, description="the prompt for all documents; None: by each document's own genre")
    chunk_tokens: int | None = Field(None, gt=0, description="most estimated tokens a request; None: the genre's usual")
    shortest: float = Field(0.1, ge=0.0, description="least characters of the rewrite for one of the original")
    longest: float = Field(2.0, gt=0.0, description="most characters of the rewrite for one of the original")
    least_support: float = Field(0.12, le=1.0, description="least `faithfulness.support` of the rewrite")
    least_code_support: float = Field(0.22, le=1.0, description="the same for code, where all texts share words")
    most_invented_share: float = Field(0.5, ge=0.0, le=1.0, description="most share of numbers not in the original")
    free_invented_numbers: int = Field(2, ge=0, description="so many invented numbers are borne in any case")
    free_turned_negations: int = Field(5, ge=0, description="so many negations may all be lost, or all be new")
    free_echoes: int = Field(8, ge=0, description="so many runs of 5 words may come from the instructions alone")
    most_repetition: float = Field(0.2, ge=0.0, le=1.0, description="most share of a reply said again, past the text's")

    @model_validator(mode="after")
    def _known_genre(self) -> Self:
        if self.genre is not None and self.genre not in CHUNK_TOKENS:
            raise Mistake(f"genre '{self.genre}' has no prompt; known: {', '.join(sorted(CHUNK_TOKENS))}")
        return self

    def fingerprint(self) -> dict[str, str]:
        """The hash of all prompts."""
        texts = "\0".join(f"{genre}\0{instructions(genre)}" for genre in sorted(CHUNK_TOKENS))
        return {"prompts": hashlib.sha256(texts.encode()).hexdigest()}

    def prompts(self, text: str, genre: str | None) -> list[Prompt]:
        """One request a chunk: the genre's instructions, then the chunk; the prompts' texts joined are the text.

        A genre without a prompt of its own is rewritten as a web page. A blank text needs no request.
        """
        wanted = self.genre or genre
        known = wanted if wanted in CHUNK_TOKENS else USUAL_GENRE
        system = Message("system", instructions(known))
        return [
            Prompt(
                messages=(system, Message("user", chunk.strip())),
                text=chunk,
                max_tokens=MARK_TOKENS + math.ceil(self.longest * estimated_tokens(chunk)),
                genre=known,
            )
            for chunk in chunks(text, self.chunk_tokens or CHUNK_TOKENS[known])
        ]

    def accept(self, text: str, prompts: Sequence[Prompt], replies: Sequence[Reply]) -> Rewrite:
        """The replies in the places of their chunks, with the white space between chunks; or why the original stays.

        Reasons: `empty`, `refusal`, `cut_off`, `engine_error`, `breaks_off`, `remark`, `echo`, `repetitive`,
        `too_long`, `too_short`, `unfaithful`. An unchanged text is a good rewrite.
        """
        if not prompts:
            return Rewrite(text, "empty")
        bodies = [unmarked(reply.text) for reply in replies]
        faults = (
            _fault(prompt, reply, body) or self._surplus(prompt, body)
            for prompt, reply, body in zip(prompts, replies, bodies, strict=True)
        )
        rewritten = "".join(_in_place_of(prompt.text, body) for prompt, body in zip(prompts, bodies, strict=True))
        fault = next((fault for fault in faults if fault), None) or self._misfit(text, rewritten, prompts, bodies)
        return Rewrite(text, fault) if fault else Rewrite(rewritten)

    def _surplus(self, prompt: Prompt, body: str) -> str | None:
        """The reason why this answer holds more than a new text, said once; None where it does not."""
        if has_remark(prompt.text, body):
            return "remark"
        if echoed(prompt.messages[0].content, prompt.text, body) > self.free_echoes:
            return "echo"
        return "repetitive" if repetition(prompt.text, body) > self.most_repetition else None

    def _misfit(self, text: str, rewritten: str, prompts: Sequence[Prompt], bodies: Sequence[str]) -> str | None:
        """The reason why the joined replies are no rewrite of the document; None where they are one."""
        ratio = len(rewritten) / len(text)
        if ratio > self.longest:
            return "too_long"
        if ratio < self.shortest:
            return "too_short"
        least = self.least_code_support if prompts[0].genre == CODE else self.least_support
        numbers, share = invented_numbers(text, rewritten)
        if (
            support(text, rewritten) < least
            or (numbers > self.free_invented_numbers and share > self.most_invented_share)
            or turned_negations(text, rewritten) > self.free_turned_negations
        ):
            return "unfaithful"
        # A chunk is judged mildly, as few words tell little: no worse than a reply to something else.
        strangers = len(prompts) > 1 and any(
            support(prompt.text, body) < 0.0 for prompt, body in zip(prompts, bodies, strict=True)
        )
        return "unfaithful" if strangers else None


def _fault(prompt: Prompt, reply: Reply, body: str) -> str | None:
    """The reason why this reply is no whole answer to its prompt; None where it is one."""
    if reply.finish not in ("stop", "length"):
        return "engine_error"
    if reply.finish == "length" and not is_closed(reply.text):
        return "cut_off"
    if not body:
        return "empty"
    if REFUSAL.match(body) and not REFUSAL.match(prompt.text):
        return "refusal"
    return "breaks_off" if not is_closed(reply.text) and breaks_off(prompt.text, body) else None


def _in_place_of(chunk: str, body: str) -> str:
    """The rewritten chunk with the white space that the original chunk had at its ends."""
    start = len(chunk) - len(chunk.lstrip())
    return chunk[:start] + body + chunk[len(chunk.rstrip()) :]
