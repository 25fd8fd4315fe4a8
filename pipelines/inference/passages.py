"""Passages: what a model is asked to tell, token by token, behind what it has read."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.contracts.task import Item
from pipelines.inference.tokenizing import TokenizeFn
from pipelines.inference.windows import Window, cut


@dataclass(frozen=True)
class Passage:
    """Tokens behind a begin token; those from position `first` on are to be told."""

    tokens: Sequence[int]
    first: int = 1


def right_continuations(items: Sequence[Item], tokenize: TokenizeFn) -> list[Passage]:
    """Of each item the right continuation, to be told behind its context.

    Context and continuation become tokens each by itself, so no token belongs to both.
    """
    right = [item.options[item.gold] for item in items]
    contexts = tokenize([option.context for option in right])
    continuations = tokenize([option.continuation for option in right])
    begin = len(tokenize([""])[0])  # of the begin token, where the tokenizer has one
    return [
        Passage([*context, *continuation[begin:]], max(1, len(context)))
        for context, continuation in zip(contexts, continuations, strict=True)
    ]


def windows_of(row: int, passage: Passage, context: int) -> list[Window]:
    """The windows of a passage, in which each token from `first` on is told once.

    What stands before `first` is cut on its left to make room, its begin token kept; where even that is not enough, all
    of it goes but the begin token.
    """
    if passage.first >= len(passage.tokens):
        return []
    begin, before = list(passage.tokens[:1]), list(passage.tokens[1 : passage.first])
    told = list(passage.tokens[passage.first :])
    room = context - 1 - len(told)
    if room >= 0:
        before = before[max(0, len(before) - room) :]
        return [Window(row, [*begin, *before, *told], 1 + len(before))]
    return list(cut(row, [*begin, *told], context, context - 1))
