"""Hidden: the mean of the last hidden states of a text's tokens, as transformers gives them one text at a time."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.embedders.hidden import Hidden, _body
from pipelines.inference.windows import cut
from pipelines.texts.vectors import to_unit
from training.networks.byte_decoder import ByteDecoder, ByteDecoderConfig

TEXTS = ["The cat sat on the mat.", "A dog ran after the ball. " * 20, "a"]


def slow(folder: Path, text: str, context: int) -> np.ndarray:
    """(1, D) by the whole network's own report of its hidden states, each window by itself."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True).eval()
    ids = [tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False)["input_ids"]]
    states = []
    for window in cut(0, ids, context, context - 1):
        with torch.no_grad():
            found = network(torch.tensor([window.tokens]), output_hidden_states=True).hidden_states[-1][0]
        states.append(found[window.first :].numpy())
    assert sum(map(len, states)) == len(ids) - 1
    return to_unit(np.concatenate(states).mean(axis=0, keepdims=True))


@pytest.mark.parametrize("context", [16, 256])
def test_it_is_the_mean_of_the_states_of_all_tokens_but_the_begin_token(tiny_llama: Path, context: int) -> None:
    found = Hidden(model=str(tiny_llama), context=context).open()(TEXTS).vectors
    np.testing.assert_allclose(found, np.concatenate([slow(tiny_llama, text, context) for text in TEXTS]), atol=2e-6)


def test_the_operations_are_those_of_the_body_without_its_table(tiny_llama: Path) -> None:
    embed = Hidden(model=str(tiny_llama), context=256).open()
    layer = 4 * 64 * 64 + 3 * 64 * 128 + 2 * 64
    assert embed(["a"]).flops == 2 * 2 * (2 * layer + 64)


def test_a_context_beyond_the_model_s_room_is_told(tiny_llama: Path) -> None:
    with pytest.raises(Mistake, match="lower `context`"):
        Hidden(model=str(tiny_llama), context=512).open()


def test_states_that_are_not_finite_are_no_vector(tiny_llama: Path, tmp_path: Path) -> None:
    import shutil

    import torch
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(tiny_llama, tmp_path / "broken")
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"] = torch.full_like(weights["model.norm.weight"], torch.inf)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert not Hidden(model=str(folder)).open()(TEXTS).vectors.any()


def test_a_network_without_hidden_states_is_told() -> None:
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    network = ByteDecoder(ByteDecoderConfig(vocab_size=257, bos_token_id=256, **sizes))
    with pytest.raises(Mistake, match=r"model 'm' \(ByteDecoder\) has no hidden states to give"):
        _body("m", network)
