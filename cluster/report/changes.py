"""What rewriting changed in a text, word by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

COMPARED = 3_000  # characters of each side that are compared: 0.3 s for the most repetitive text, 3 s for 8,000
SHOWN = 1_400  # characters of a side that are shown


@dataclass(frozen=True)
class Span:
    """A run of text that stayed, was removed (before only) or was added (after only)."""

    kind: Literal["same", "removed", "added"]
    text: str


@dataclass(frozen=True)
class Comparison:
    """Both sides as spans, and how many characters of each side are not shown."""

    before: tuple[Span, ...]
    after: tuple[Span, ...]
    before_hidden: int
    after_hidden: int


def compare(before: str, after: str) -> Comparison:
    """Both texts, cut at the same place; the spans of a side joined are the beginning of that side's text.

    Words are compared without the white space around them, so new line breaks alone are no change.
    """
    left, right = _words(before[:COMPARED]), _words(after[:COMPARED])
    before_spans: list[Span] = []
    after_spans: list[Span] = []
    matcher = SequenceMatcher(None, [word.strip() for word in left], [word.strip() for word in right], autojunk=False)
    for tag, *ranges in matcher.get_opcodes():
        room = SHOWN - max(_length(before_spans), _length(after_spans))
        old, new = left[ranges[0] : ranges[1]], right[ranges[2] : ranges[3]]
        old_shown, new_shown = _fitting(old, room), _fitting(new, room)
        if tag == "equal":
            both = min(len(old_shown), len(new_shown))
            old_shown, new_shown = old_shown[:both], new_shown[:both]
        _append(before_spans, Span("same" if tag == "equal" else "removed", "".join(old_shown)))
        _append(after_spans, Span("same" if tag == "equal" else "added", "".join(new_shown)))
        if len(old_shown) < len(old) or len(new_shown) < len(new):
            break
    return Comparison(
        before=tuple(before_spans),
        after=tuple(after_spans),
        before_hidden=len(before) - _length(before_spans),
        after_hidden=len(after) - _length(after_spans),
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S{1,80}|\s+$", text)


def _fitting(words: list[str], room: int) -> list[str]:
    taken = 0
    for place, word in enumerate(words):
        taken += len(word)
        if taken > room:
            return words[:place]
    return words


def _append(spans: list[Span], span: Span) -> None:
    """Appends the span to `spans`, in place; white space before a changed word is not part of the change."""
    word = span.text if span.kind == "same" else span.text.lstrip()
    space = span.text.removesuffix(word)
    spans.extend(part for part in (Span("same", space), Span(span.kind, word)) if part.text)


def _length(spans: list[Span]) -> int:
    return sum(len(span.text) for span in spans)
