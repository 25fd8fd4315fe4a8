"""The byte model's training side: sizes, the beginning of a sequence, and an export that the other side reads."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.codecs.byte_models.transformer import Transformer
from training.models.byte_transformer import SIZES, ByteTransformer, Size
from training.networks.export import open_folder
from training.recipe import ModelRecipe


@pytest.mark.parametrize(("size", "weights"), [("3m", 3.1e6), ("800k", 0.79e6), ("200k", 0.2e6)])
def test_sizes_are_what_their_names_say(size: Size, weights: float) -> None:
    assert ByteTransformer(size=size).shape(64).weights == pytest.approx(weights, rel=0.03)


@pytest.mark.parametrize("size", SIZES)
def test_parameters_and_flops_are_those_that_torch_counts(size: Size) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    spec, length = ByteTransformer(size=size), 64
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        network = spec.build(257, length, 256)
        network(torch.zeros((2, length), dtype=torch.int64)).logits.sum().backward()
    assert spec.parameters(257) == sum(weight.numel() for weight in network.parameters())
    assert spec.training_flops_per_token(257, length) == counter.get_total_flops() / (2 * length)


def test_tokens_that_are_no_bytes_are_refused() -> None:
    source = {"kind": "text", "path": "nowhere.txt"}
    for codec in ({"kind": "bpe"}, {"kind": "gzip"}):
        tree = {"data": {"source": source, "codec": codec}, "training": {"model": {"kind": "byte_transformer"}}}
        with pytest.raises(ValueError, match=f"the codec '{codec['kind']}'; set `codec"):
            ModelRecipe.model_validate(tree)


def test_the_first_token_of_a_sequence_is_its_beginning() -> None:
    network = ByteTransformer(size="200k").build(257, 16, 256)
    tokens_BT = torch.randint(0, 256, (2, 16))
    begun_BT = tokens_BT.clone()
    begun_BT[:, 0] = 256
    with torch.no_grad():
        assert torch.equal(network(tokens_BT).logits, network(begun_BT).logits)


def test_what_it_exports_is_read_the_same_in_whole_numbers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = ByteTransformer(size="200k").build(257, 32, 256)
    for layer in network.layers:
        torch.nn.init.normal_(layer.bias)
    network.save_pretrained(tmp_path)
    model = Transformer(model=str(tmp_path))
    text = b"Words that are read twice."
    exact = model.open(model.train(None, seed=0)).predict([text])[0]  # type: ignore[arg-type]
    with torch.no_grad():
        logits = network(torch.tensor([[256, *text]])).logits[0, -1, :256]
    np.testing.assert_allclose(np.log(exact), logits.double().log_softmax(-1).numpy(), atol=0.02)


def test_what_it_exports_is_opened_for_evaluation(tmp_path: Path) -> None:
    network = ByteTransformer(size="200k").build(257, 16, 256)
    network.save_pretrained(tmp_path)
    tokens_BT = torch.randint(0, 256, (2, 9))
    with torch.no_grad():
        assert torch.equal(open_folder(str(tmp_path), 257)(tokens_BT).logits, network(tokens_BT).logits)


def test_a_later_token_changes_nothing_before_it() -> None:
    network = ByteTransformer(size="200k").build(257, 16, 256)
    tokens_BT = torch.randint(0, 256, (1, 16))
    other_BT = tokens_BT.clone()
    other_BT[:, 10:] = 5
    with torch.no_grad():
        assert torch.equal(network(tokens_BT).logits[:, :10], network(other_BT).logits[:, :10])
