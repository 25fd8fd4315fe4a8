"""Wording: how a context, its continuation and the examples before them become the text that a model reads."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import orjson
import pyarrow as pa
import xxhash

from pipelines.contracts.task import Item, Option
from pipelines.corpus.randomness import key64

BETWEEN_EXAMPLES = "\n"  # as in LLM Foundry
PURPOSE = "tasks.examples"


def option(context: str, delimiter: str, continuation: str) -> Option:
    """The two without white space where they meet, and the delimiter, whose last white space is the continuation's.

    So a token that begins with a space, as most do, belongs to what is scored; the evaluation harnesses of EleutherAI
    and MosaicML part the two in the same place.
    """
    before = context.rstrip() + delimiter
    read = before.rstrip()
    return Option(read, before[len(read) :] + continuation.strip())


def item(options: Sequence[Option], gold: int) -> Item:
    """The item with its id, which follows from what it is made of."""
    content = orjson.dumps([*([each.context, each.continuation] for each in options), gold])
    return Item(xxhash.xxh3_128_hexdigest(content), tuple(options), gold)


def with_examples(items: Sequence[Item], pool: Sequence[Item], shots: int, seed: int) -> list[Item]:
    """The items with `shots` of the pool before each, their right options in full; an item is never before itself.

    All ids lie on a ring, where the seed's hash puts them, and an item takes those of the pool that follow it: so they
    depend on no order, a new item changes few others' examples, and in the pool itself all are taken equally often.
    There are more items in the pool than `shots`.
    """
    keys, ring = (key64(pa.array([each.id for each in some], pa.string()), seed, PURPOSE) for some in (items, pool))
    order = np.argsort(ring)
    behind = np.searchsorted(ring[order], keys, side="right")
    drawn = order[(behind[:, None] + np.arange(shots)) % len(order)]
    return [
        _after("".join(pool[place].text + BETWEEN_EXAMPLES for place in places), each)
        for places, each in zip(drawn.tolist(), items, strict=True)
    ]


def _after(before: str, given: Item) -> Item:
    options = (Option(before + each.context, each.continuation) for each in given.options)
    return dataclasses.replace(given, options=tuple(options))
