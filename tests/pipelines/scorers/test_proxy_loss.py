"""Scorer proxy_loss agrees with a plain loop over documents, in any batch and with both runners."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipelines.contracts.rows import TEXT
from pipelines.scorers.proxy_loss import ProxyLoss
from pipelines.store.address import ingredients

WORDS = ["the", "cat", "rains", "books", "return", "é", "日本語", "<end>", "\n\n", "🙂"]


def documents() -> list[str]:
    draw = random.Random(5)
    texts = [" ".join(draw.choice(WORDS) for _ in range(length)) for length in (1, 3, 20, 100, 60, 5, 90)]
    return ["", *texts, "a"]


def slow_scores(folder: Path, texts: list[str], context: int, stride: int) -> list[float]:
    """One document and one window at a time, by the definition."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    scores = []
    for text in texts:
        pieces = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        ids = torch.tensor([[tokenizer.bos_token_id, *pieces]])
        nats, done, start = 0.0, 1, 0
        while done < ids.shape[1]:
            window = ids[:, start : start + context]
            with torch.no_grad():
                log_probabilities = model(window).logits.double().log_softmax(-1)
            for place in range(done - start, window.shape[1]):
                nats -= float(log_probabilities[0, place - 1, window[0, place]])
            done = start + window.shape[1]
            start += stride
        scores.append(nats / max(len(text.encode()), 1))
    return scores


@pytest.mark.parametrize("batch_tokens", [1, 300, 4096])
def test_agrees_with_one_document_at_a_time(tiny_llama: Path, batch_tokens: int) -> None:
    texts = documents()
    scorer = ProxyLoss(model=str(tiny_llama), context=64, stride=24, batch_tokens=batch_tokens)
    scores = scorer.open({})(pa.table({TEXT: texts})).values
    np.testing.assert_allclose(scores, slow_scores(tiny_llama, texts, 64, 24), rtol=1e-4)
    assert scores[0] == 0.0
    assert (scores[1:] > 0.1).all()


@pytest.mark.vllm
def test_vllm_agrees_with_transformers(tiny_llama: Path) -> None:
    pytest.importorskip("vllm")
    texts = pa.array(documents())
    plain = ProxyLoss(model=str(tiny_llama), context=64, stride=24)
    served = plain.model_copy(update={"runner": "vllm"})
    np.testing.assert_allclose(
        served.open({})(pa.table({TEXT: texts})).values, plain.open({})(pa.table({TEXT: texts})).values, rtol=1e-4
    )


def test_fingerprint_follows_the_content_of_the_model(tiny_llama: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tiny_llama.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    before = ProxyLoss(model=str(tiny_llama)).fingerprint()
    assert ProxyLoss(model=str(copy)).fingerprint() == before
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert ProxyLoss(model=str(copy)).fingerprint() != before
    assert ProxyLoss(model="some/name", revision="abc").fingerprint() == {"model": "some/name@abc"}
    with pytest.raises(ValueError, match="revision"):
        ProxyLoss(model="some/name").fingerprint()


def test_flops_are_twice_the_parameters_a_token(tiny_llama: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    parameters = AutoModelForCausalLM.from_pretrained(tiny_llama).num_parameters()
    scorer = ProxyLoss(model=str(tiny_llama), context=64, stride=24)
    tokens = AutoTokenizer.from_pretrained(tiny_llama)("A cat sat.", add_special_tokens=False)["input_ids"]
    assert scorer.open({})(pa.table({TEXT: ["A cat sat.", ""]})).flops == 2 * parameters * (1 + len(tokens))


def test_a_document_that_spells_a_special_token_is_read_as_text(tiny_llama: Path) -> None:
    from pipelines.inference.tokenizing import open_tokenizer

    (plain, spelled) = open_tokenizer(str(tiny_llama), None)(["The cat sat.", "</s>The cat<s> sat.</s>"])

    assert plain[0] == 0
    assert not {0, 1} & {*plain[1:], *spelled[1:]}


def test_placement_is_no_part_of_the_recipe(tiny_llama: Path) -> None:
    first = ProxyLoss(model=str(tiny_llama))
    second = ProxyLoss(model=str(tiny_llama), workers=3, gpus=1, cpus=2, batch_tokens=7)
    assert ingredients(first) == ingredients(second)
    assert second.resources.workers == 3
    assert ingredients(first) != ingredients(ProxyLoss(model=str(tiny_llama), stride=100))


def test_a_context_the_model_has_no_room_for_is_refused(tiny_llama: Path) -> None:
    with pytest.raises(ValueError, match="256"):
        ProxyLoss(model=str(tiny_llama), context=257, stride=10).open({})
    with pytest.raises(ValueError, match="256"):
        ProxyLoss(model=str(tiny_llama), context=256, stride=10, runner="vllm").open({})
    with pytest.raises(ValidationError, match="left context"):
        ProxyLoss(model="m", context=64, stride=64)
