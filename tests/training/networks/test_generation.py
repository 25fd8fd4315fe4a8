"""Generation: what is drawn is what the network predicts in the windows of evaluation, and a seed gives one text."""

import itertools
import typing
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipelines.codecs.equal_info import EqualInfo, tokens_alone
from training.held_out.windows import windows
from training.networks.export import open_folder
from training.networks.generation import Sampling, draw, generate

PROMPT = [4, 8, 15, 16, 23]
END = 1


@pytest.fixture(scope="module")
def network(tiny_llama: Path) -> Any:
    """A LLaMA with a length of 256."""
    from transformers import AutoConfig

    return open_folder(str(tiny_llama), AutoConfig.from_pretrained(tiny_llama).vocab_size)


@pytest.fixture
def short_network(network: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same network as if its length were 16."""
    monkeypatch.setattr(network.config, "max_position_embeddings", 16)
    return network


def test_as_many_tokens_as_are_drawn_if_nothing_is_said_are_whole_windows_of_every_codec() -> None:
    fields = EqualInfo.model_fields
    choices = [typing.get_args(fields[name].annotation) for name in ("bits", "reset", "vocab")]
    alone = [
        tokens_alone(EqualInfo.model_validate({"bits": bits, "reset": reset, "vocab": vocab}))
        for bits, reset, vocab in itertools.product(*choices)
    ]
    assert {2, 3, 32} < set(alone)
    assert all(Sampling().tokens % together == 0 for together in alone if together)


def greedy_without_cache(network: Any, prompt: list[int], tokens: int, length: int) -> list[int]:
    """The oracle: cuts the document as evaluation does, reads its last window whole and takes the largest logit."""
    import torch

    document = list(prompt)
    for _ in range(tokens):
        window = windows(0, document, END, length)[-1].tokens[:-1]  # the last token is the end, to be predicted
        with torch.inference_mode():
            document.append(
                int(network(input_ids=torch.from_numpy(window)[None], use_cache=False).logits[0, -1].argmax())
            )
    return document[len(prompt) :]


class Forgetful:
    """A network that keeps no cache, as the byte models of this project."""

    def __init__(self, network: Any) -> None:
        self.network, self.config, self.device = network, network.config, network.device

    def __call__(self, input_ids: Any, **_: Any) -> Any:
        from transformers.modeling_outputs import CausalLMOutput

        return CausalLMOutput(logits=self.network(input_ids=input_ids, use_cache=False).logits)


class Recital(Forgetful):
    """A network that has learned one text by heart."""

    def __init__(self, network: Any, text: list[int]) -> None:
        super().__init__(network)
        self.text = text

    def __call__(self, input_ids: Any, **_: Any) -> Any:
        output = super().__call__(input_ids)
        output.logits[0, -1, self.text[input_ids.shape[1] - 1]] += 1e4
        return output


def test_greedy_takes_the_largest_logit_of_the_whole_text(network: Any) -> None:
    sampled = list(generate(network, PROMPT, END, Sampling(tokens=40, temperature=0)))
    assert sampled == greedy_without_cache(network, PROMPT, 40, 256)


@pytest.mark.parametrize("given", [0, 5, 14, 15, 16, 40])
def test_a_text_longer_than_the_model_goes_on_in_the_windows_of_evaluation(short_network: Any, given: int) -> None:
    prompt = list(range(100, 100 + given))
    sampled = list(generate(short_network, prompt, END, Sampling(tokens=40, temperature=0)))
    assert sampled == greedy_without_cache(short_network, prompt, 40, 16)


def test_a_network_without_a_cache_writes_the_same(short_network: Any) -> None:
    written, again = (
        list(generate(each, PROMPT, END, Sampling(40))) for each in (short_network, Forgetful(short_network))
    )
    assert written == again


def test_a_seed_is_a_text_and_another_seed_another(network: Any) -> None:
    texts = [list(generate(network, PROMPT, END, Sampling(30, seed=seed))) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert list(itertools.islice(generate(network, PROMPT, END, Sampling(100, seed=1)), 30)) == texts[0]


def test_it_stops_at_the_end_token_which_is_not_of_the_text(network: Any) -> None:
    assert list(generate(Recital(network, [7, 7, 9, END, 8]), [], END, Sampling(100))) == [7, 7, 9]
    assert list(generate(Recital(network, [7, 7, 9, END, 8]), [], END, Sampling(2))) == [7, 7]
    assert list(generate(Recital(network, [END]), [], END, Sampling(100))) == []


def test_an_empty_prompt_begins_a_document(network: Any) -> None:
    assert list(generate(network, [], END, Sampling(5, 0))) == greedy_without_cache(network, [], 5, 256)


def test_tokens_are_drawn_as_often_as_they_are_probable() -> None:
    import torch

    logits, generator = torch.tensor([0.0, 2.0, 1.0, -3.0]), torch.Generator().manual_seed(0)
    drawn = Counter(draw(logits, Sampling(temperature=2.0), generator) for _ in range(4_000))
    for token, chance in enumerate(torch.softmax(logits / 2.0, 0).tolist()):
        assert drawn[token] / 4_000 == pytest.approx(chance, abs=0.03)
    assert {draw(logits, Sampling(temperature=9.0, top_k=2), generator) for _ in range(200)} == {1, 2}
    assert {draw(logits, Sampling(top_k=1), generator) for _ in range(20)} == {1}
    for least in (1e-9, 1e-50):
        assert {draw(logits, Sampling(temperature=least, top_k=99), generator) for _ in range(20)} == {1}


@pytest.mark.parametrize("wrong", [{"temperature": -1.0}, {"top_k": -1}, {"tokens": -5}, {"temperature": float("nan")}])
def test_a_sampling_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} .* give 0 or more"):
        Sampling(**wrong)


def test_a_model_of_another_vocabulary_is_refused(tiny_llama: Path) -> None:
    with pytest.raises(ValueError, match="the codec makes 12; use the codec that the model was trained with"):
        open_folder(str(tiny_llama), 12)


@pytest.mark.parametrize("values", [{"temperature": float("inf")}, {"temperature": float("nan")}, {"tokens": -1}])
def test_a_number_that_no_sampling_can_follow_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="makes no sense when sampling; give 0 or more"):
        Sampling(**values)  # type: ignore[arg-type]
