"""Tasks: every token of a continuation is told once behind its context, as the slow way tells it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.codecs.bpe import Bpe, train_tokenizer
from pipelines.contracts.codec import Codec, Coder, TokenArrays
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.task import Item, Option, Task
from training.measures.bits_per_byte import bits_per_byte
from training.measures.tasks import Told, answers, by_category, summed_up, telling
from training.models.llama import Llama
from training.objectives.causal import Causal

LENGTH = 32
CONTEXT = "The cat sat on the mat and looked at"


def network_for(coder: Coder) -> Any:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    return Llama(layers=1, hidden=32, heads=2).build(coder.vocab_size, LENGTH, coder.end).eval()


@pytest.fixture(scope="module")
def coder() -> Coder:
    return Codec.model_validate("bytes").open({})


@pytest.fixture(scope="module")
def network(coder: Coder) -> Any:
    return network_for(coder)


def item(*options: tuple[str, str], gold: int = 0) -> Item:
    return Item(json.dumps([options, gold]), tuple(Option(*each) for each in options), gold)


def slow_nats(network: Any, coder: Coder, option: Option) -> float:
    """One forward pass an option, without padding, and the log-probabilities picked one by one."""
    import torch

    context, told = (coder.encode([text])[0].tolist() for text in (option.context, option.continuation))
    context = context[max(0, len(context) + len(told) + 1 - LENGTH) :]
    tokens = [coder.end, *context, *told]
    with torch.no_grad():
        logits_TV = network(input_ids=torch.tensor([tokens])).logits[0].double()
    log_TV = torch.log_softmax(logits_TV, -1)
    return -sum(float(log_TV[place - 1, tokens[place]]) for place in range(1 + len(context), len(tokens)))


OPTIONS = [
    Option("A dog", " ran."),
    Option("", "no context at all"),
    Option(CONTEXT * 3, " it"),  # a context cut on its left
    Option(CONTEXT, "x" * (LENGTH - 1)),  # nothing of the context has room
    Option("é", "日本"),
    Option("A", "b"),
]


def test_the_options_take_what_they_take_one_by_one(network: Any, coder: Coder) -> None:
    items = [item((each.context, each.continuation)) for each in OPTIONS]
    told = telling(network, Causal(), coder, items)
    assert told.nats == pytest.approx([slow_nats(network, coder, each) for each in OPTIONS], rel=1e-5)
    assert told.tokens.tolist() == told.text_bytes.tolist() == [len(each.continuation.encode()) for each in OPTIONS]


def test_a_token_is_the_contexts_or_the_continuations_and_spans_no_edge() -> None:
    files = {"tokenizer.json": train_tokenizer(["cats cats cats the cats"] * 9, 270)}
    coder = Bpe(vocab=270).open(files)
    assert len(coder.encode([" cats"])[0]) < len(coder.encode([" cat"])[0]) + len(coder.encode(["s"])[0]), "one token"
    network = network_for(coder)
    told = telling(network, Causal(), coder, [item(("the cat", "s"))])
    assert told.tokens.tolist() == [1], "the letter is told, though the tokenizer would have joined it to the word"
    assert told.nats == pytest.approx([slow_nats(network, coder, Option("the cat", "s"))], rel=1e-5)


def test_the_last_token_is_told_and_told_by_the_place_before_it(network: Any, coder: Coder) -> None:
    short, long = telling(network, Causal(), coder, [item((CONTEXT[:9], "ab")), item((CONTEXT[:9], "abc"))]).nats
    more = telling(network, Causal(), coder, [item((CONTEXT[:9] + "ab", "c"))]).nats
    assert long == pytest.approx(short + more[0], rel=1e-5)
    assert more[0] > 0.1


def test_a_context_changes_what_a_continuation_takes(network: Any, coder: Coder) -> None:
    one, other = telling(network, Causal(), coder, [item(("A", "bcd")), item(("Z", "bcd"))]).nats
    assert abs(one - other) > 1e-6


def test_a_continuation_longer_than_the_room_is_told_whole(network: Any, coder: Coder) -> None:
    found = answers(network, Causal(), coder, [item((CONTEXT, "y" * 100))])
    assert (found.tokens, found.text_bytes, found.items) == (100, 100, 1)
    assert np.isfinite(found.bits_per_byte)


def told_of(nats: Sequence[Sequence[float]], sizes: Sequence[Sequence[int]], gold: Sequence[int]) -> Told:
    return Told(
        items=np.repeat(np.arange(len(nats)), [len(each) for each in nats]),
        right=np.array([place == right for each, right in zip(nats, gold, strict=True) for place in range(len(each))]),
        nats=np.concatenate([np.array(each, np.float64) for each in nats]),
        text_bytes=np.concatenate([np.array(each, np.int64) for each in sizes]),
        tokens=np.concatenate([np.array(each, np.int64) for each in sizes]),
    )


def test_the_sum_decides_and_the_share_of_a_byte_stands_beside_it() -> None:
    told = told_of([[2.0, 3.0], [2.0, 3.0], [1.0, 5.0, 9.0]], [[2, 6], [2, 6], [1, 1, 1]], [0, 1, 0])
    found = summed_up(told)
    assert found.accuracy
    assert found.accuracy_per_byte
    assert found.accuracy.share == pytest.approx(2 / 3)  # by the sum the first and the last
    assert found.accuracy_per_byte.share == pytest.approx(2 / 3)  # by bytes the second and the last
    assert found.chance == pytest.approx((1 / 2 + 1 / 2 + 1 / 3) / 3)
    assert found.accuracy.low < 2 / 3 < found.accuracy.high
    assert (found.nats, found.text_bytes) == (6.0, 2 + 6 + 1)
    assert found.bits_per_byte == bits_per_byte(6.0, 9)


def test_a_draw_is_no_right_answer() -> None:
    found = summed_up(told_of([[2.0, 2.0], [1.0, 2.0]], [[1, 1], [1, 1]], [0, 0]))
    assert found.accuracy
    assert found.accuracy.share == 0.5


def test_where_nothing_is_to_choose_there_is_no_accuracy() -> None:
    found = summed_up(told_of([[2.0], [1.0]], [[1], [1]], [0, 0]))
    assert (found.accuracy, found.accuracy_per_byte, found.chance) == (None, None, None)


class Swallowing(Coder):
    """The bytes of a text but for its spaces, of which no token is made: as some tokenizers do."""

    vocab_size, end = 257, 256

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        return [np.frombuffer(str(text).replace(" ", "").encode(), np.uint8).astype(np.uint32) for text in texts]


def test_items_with_an_option_without_a_token_are_left_out_and_counted(network: Any) -> None:
    whole = item(("A", "b"), ("A", "c"))
    found = answers(network, Causal(), Swallowing(), [whole, item(("A", "b"), ("A", "  ")), item(("A", " "))])
    alone = answers(network, Causal(), Swallowing(), [whole])
    assert (found.items, found.left_out) == (1, 2)
    assert found.bits_per_byte == pytest.approx(alone.bits_per_byte, rel=1e-5)
    assert np.isfinite(found.bits_per_byte)
    with pytest.raises(Mistake, match="each option a token of its own"):
        answers(network, Causal(), Swallowing(), [item(("A", " "))])


def test_the_tasks_of_a_category_count_alike() -> None:
    choosing = summed_up(told_of([[1.0, 2.0]] * 8, [[1, 1]] * 8, [0] * 8))
    telling_only = summed_up(told_of([[4.0]], [[1]], [0]))
    found = by_category([("symbolic", choosing), ("symbolic", telling_only), ("", telling_only), ("b", choosing)])
    assert list(found) == ["b", "symbolic"]
    assert found["symbolic"].tasks == 2
    assert found["symbolic"].bits_per_byte == pytest.approx((choosing.bits_per_byte + telling_only.bits_per_byte) / 2)
    assert found["symbolic"].accuracy
    assert found["symbolic"].accuracy.share == 1.0
    assert found["symbolic"].chance == 0.5


@pytest.mark.parametrize(
    ("task", "file", "chance"),
    [("bb_operators", "bigbench_operators", None), ("copa", "copa", 0.5), ("arc_easy", "arc_easy", 0.25)],
)
def test_real_tasks_are_answered(
    network: Any, coder: Coder, real_data: Path, task: str, file: str, chance: float | None
) -> None:
    items = Task.model_validate({"kind": "paper", "task": task, "path": str(real_data / "tasks" / f"{file}.jsonl")})
    found = answers(network, Causal(), coder, items.items("held_out")[:40])
    assert (found.items, found.left_out) == (40, 0)
    assert found.chance == (None if chance is None else pytest.approx(chance, abs=0.02))
    assert 5 < found.bits_per_byte < 12, "random weights know nothing"
