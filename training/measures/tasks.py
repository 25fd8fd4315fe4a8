"""Tasks: what a model makes of questions, by bits per byte of the right continuations and by choosing among several."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from pipelines.contracts.codec import Coder
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import BoolArray, FloatArray
from pipelines.contracts.task import Item, Option
from training.contracts import IntArray, Objective, Tokens
from training.held_out.windows import continuation_windows, padded_batches
from training.measures.accuracy import Accuracy, accuracy, mean_accuracy
from training.measures.bits_per_byte import batch_tokens, bits_per_byte, window_nats


@dataclass(frozen=True)
class Answers:
    """What a model makes of the items of a task.

    `nats`, `tokens` and `text_bytes` are those of the right continuations, without an end behind them. Where items have
    several options, `accuracy` goes by the nats of a whole continuation, and this is what decides; `accuracy_per_byte`
    goes by its nats over its UTF-8 bytes, which does not favour short options. The field calls them acc and acc_norm.
    `chance` is what guessing would come to. All three are None where there is nothing to choose. Items of which an
    option has no token are `left_out`.
    """

    items: int
    left_out: int
    nats: float
    text_bytes: int
    tokens: int
    bits_per_byte: float
    chance: float | None
    accuracy: Accuracy | None
    accuracy_per_byte: Accuracy | None


@dataclass(frozen=True)
class CategoryAnswers:
    """The means over the tasks of one category, each of them counting alike.

    Those of choosing are over the tasks with something to choose, and None where there is none.
    """

    tasks: int
    bits_per_byte: float
    chance: float | None
    accuracy: Accuracy | None
    accuracy_per_byte: Accuracy | None


@dataclass(frozen=True)
class Told:
    """(options,) for each option of some items: which item it is of, whether it is the right one, and what it took."""

    items: IntArray
    right: BoolArray
    nats: FloatArray
    text_bytes: IntArray
    tokens: IntArray

    def without(self, numbers: IntArray) -> Self:
        """The options of all other items than these."""
        kept = ~np.isin(self.items, numbers)
        return type(self)(self.items[kept], self.right[kept], self.nats[kept], self.text_bytes[kept], self.tokens[kept])


def answers(network: Any, objective: Objective, coder: Coder, items: Sequence[Item]) -> Answers:
    """What the network makes of the items, in the tokens of the coder that its data was encoded with.

    Context and continuation become tokens each by itself, so that none belongs to both. A context that is longer than
    the network has room for is cut on the left. Mistake where no item has a token in each of its options.
    """
    told = telling(network, objective, coder, items)
    silent = np.unique(told.items[told.tokens == 0])
    return summed_up(told.without(silent), len(silent))


def telling(network: Any, objective: Objective, coder: Coder, items: Sequence[Item]) -> Told:
    """What each option takes the network, in the order of the items."""
    options = [option for item in items for option in item.options]
    tokens = _encoded(coder, options)
    end, length = network.config.eos_token_id, network.config.max_position_embeddings
    windows = [
        window
        for number, each in enumerate(options)
        for window in continuation_windows(
            number, tokens[each.context], tokens[each.continuation], end, length, max(1, coder.window)
        )
    ]
    nats = np.zeros(len(options))
    for batch in padded_batches(windows, end, batch_tokens(network.config.vocab_size)):
        np.add.at(nats, batch.documents, window_nats(network, objective, batch))
    return Told(
        items=np.repeat(np.arange(len(items)), [len(item.options) for item in items]),
        right=np.array([place == item.gold for item in items for place in range(len(item.options))], np.bool_),
        nats=nats,
        text_bytes=np.array([len(each.continuation.encode()) for each in options], np.int64),
        tokens=np.array([len(tokens[each.continuation]) for each in options], np.int64),
    )


def summed_up(told: Told, left_out: int = 0) -> Answers:
    """The answers of these options; Mistake where there are none."""
    if not len(told.items):
        raise Mistake("in none of the items has each option a token of its own; look at the texts, and at the codec")
    nats, text_bytes = float(told.nats[told.right].sum()), int(told.text_bytes[told.right].sum())
    numbers, counts = np.unique(told.items, return_counts=True)
    several = told.without(numbers[counts == 1])
    asked = counts[counts > 1]
    return Answers(
        items=len(numbers),
        left_out=left_out,
        nats=nats,
        text_bytes=text_bytes,
        tokens=int(told.tokens[told.right].sum()),
        bits_per_byte=bits_per_byte(nats, text_bytes),
        chance=float((1 / asked).mean()) if len(asked) else None,
        accuracy=_accuracy(several, several.nats),
        accuracy_per_byte=_accuracy(several, several.nats / several.text_bytes),
    )


def by_category(found: Iterable[tuple[str, Answers]]) -> dict[str, CategoryAnswers]:
    """The means over the tasks of each category, by its name; tasks without one are in none."""
    groups: dict[str, list[Answers]] = {}
    for category, each in found:
        if category:
            groups.setdefault(category, []).append(each)
    return {category: _category(groups[category]) for category in sorted(groups)}


def _category(found: Sequence[Answers]) -> CategoryAnswers:
    chances = [each.chance for each in found if each.chance is not None]
    return CategoryAnswers(
        tasks=len(found),
        bits_per_byte=float(np.mean([each.bits_per_byte for each in found])),
        chance=float(np.mean(chances)) if chances else None,
        accuracy=mean_accuracy([each.accuracy for each in found if each.accuracy]),
        accuracy_per_byte=mean_accuracy([each.accuracy_per_byte for each in found if each.accuracy_per_byte]),
    )


def _accuracy(told: Told, costs: FloatArray) -> Accuracy | None:
    """Of the items whose right option costs less than every other one; where two cost the same none is told best."""
    numbers, places = np.unique(told.items, return_inverse=True)
    if not len(numbers):
        return None
    right, wrong = np.full((2, len(numbers)), np.inf)
    np.minimum.at(right, places[told.right], costs[told.right])
    np.minimum.at(wrong, places[~told.right], costs[~told.right])
    return accuracy(int((right < wrong).sum()), len(numbers))


def _encoded(coder: Coder, options: Sequence[Option]) -> dict[str, Tokens]:
    """The tokens of each context and each continuation, by its text."""
    texts = list(dict.fromkeys(text for each in options for text in (each.context, each.continuation)))
    return dict(zip(texts, coder.encode(texts), strict=True))
