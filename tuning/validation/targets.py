"""Targets: the held-out text that a model should tell better, and how well it does."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, TEXT
from pipelines.contracts.task import Item
from pipelines.corpus.randomness import uniform
from pipelines.inference.losses import network_losses
from pipelines.inference.passages import Passage, right_continuations, windows_of
from pipelines.inference.tokenizing import TokenizeFn
from pipelines.inference.windows import Window
from pipelines.sources.reading.ingest import read_all
from pipelines.texts.arrays import one_array
from training.recipe import EvaluationConfig

HELD_OUT = "held_out"


@dataclass(frozen=True)
class HeldOut:
    """The windows of a target in which each of its tokens is told once, and the UTF-8 bytes of what is told."""

    windows: list[Window]
    text_bytes: int

    @property
    def tokens(self) -> int:
        """How many tokens a model reads to tell it."""
        return sum(len(window.tokens) for window in self.windows)

    def bits_per_byte(self, network: Any, batch_tokens: int) -> float:
        """Of the network as it is now."""
        nats = float(network_losses(network, batch_tokens)(self.windows).sum())
        return nats / math.log(2) / self.text_bytes


def held_out_targets(
    evaluation: EvaluationConfig, most_bytes: int, tokenize: TokenizeFn, context: int
) -> dict[str, HeldOut]:
    """The held-out text and the held-out half of each task, by name; of each about `most_bytes`, drawn by their ids."""
    texts = _texts(read_all(evaluation.held_out), most_bytes)
    found = {HELD_OUT: _target([Passage(tokens) for tokens in tokenize(texts)], texts, context)}
    for name, task in evaluation.tasks.items():
        items = _begin_in(task.items("held_out"), most_bytes)
        told = [item.options[item.gold].continuation for item in items]
        found[name] = _target(right_continuations(items, tokenize), told, context)
    return found


def target_names(evaluation: EvaluationConfig) -> list[str]:
    """The names of the targets, in their order; Mistake where a task has the name of the held-out text."""
    if HELD_OUT in evaluation.tasks:
        raise Mistake(f"evaluation.tasks has a task named '{HELD_OUT}', as the held-out text is; name it otherwise")
    return [HELD_OUT, *evaluation.tasks]


def _target(passages: Sequence[Passage], told: Sequence[str], context: int) -> HeldOut:
    windows = [window for row, passage in enumerate(passages) for window in windows_of(row, passage, context)]
    return HeldOut(windows, sum(len(text.encode()) for text in told))


def _texts(rows: pa.Table, most_bytes: int) -> list[str]:
    order = np.argsort(uniform(one_array(rows[ID]), 0, "validation"), kind="stable")
    sizes = pc.binary_length(rows[TEXT]).to_numpy()[order]
    chosen = order[(sizes > 0) & (np.cumsum(sizes) - sizes < most_bytes)]
    if not len(chosen):
        raise Mistake("no document of evaluation.held_out has any text; give a source that has some")
    found: list[str] = rows[TEXT].take(pa.array(chosen)).to_pylist()
    return found


def _begin_in(items: Sequence[Item], most_bytes: int) -> list[Item]:
    """The items, which come sorted by their ids, whose texts, contexts and all, begin in the first `most_bytes`."""
    sizes = np.array([len(item.text.encode()) for item in items])
    return [item for item, begin in zip(items, np.cumsum(sizes) - sizes, strict=True) if begin < most_bytes]
