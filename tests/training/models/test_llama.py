"""LLaMA: sizes from one dial, and the FLOPs that its parts cost."""

from typing import Any

import pytest
import torch

from training.models.llama import PRESETS, Llama


@pytest.mark.parametrize(("layers", "millions"), [(4, 0.80), (8, 6.5), (12, 21.2), (24, 170.0)])
def test_one_dial_gives_the_sizes_that_the_docstring_names(layers: int, millions: float) -> None:
    assert Llama(layers=layers).parameters(0) / 1e6 == pytest.approx(millions, rel=0.03)


def test_given_sizes_win_over_derived_ones() -> None:
    assert Llama(layers=8, hidden=336, heads=8, feed_forward=1344).sizes() == (336, 8, 1344)


@pytest.mark.parametrize(("preset", "millions"), [("25m", 25.2), ("113m", 113), ("403m", 403), ("2b", 1611)])
def test_presets_are_as_large_as_the_models_of_the_paper(preset: str, millions: float) -> None:
    spec = Llama.model_validate({"preset": preset})
    hidden, heads, feed_forward = spec.sizes()
    assert (hidden // heads, feed_forward) == (64, 4 * hidden)
    assert spec.forward_flops_per_token() == pytest.approx(2e6 * millions, rel=0.003)
    assert Llama.model_validate(spec.model_dump(mode="json")) == spec


@pytest.mark.parametrize("sizes", [{"preset": preset} for preset in PRESETS] + [{"layers": 10}, {"layers": 3}])
@pytest.mark.parametrize("tied", [True, False])
def test_parameters_are_those_of_the_network_that_is_built(sizes: dict[str, Any], tied: bool) -> None:
    spec = Llama.model_validate(sizes | {"tie_embeddings": tied})
    with torch.device("meta"):  # which takes no memory, so the largest can be counted too
        network = spec.build(2_000, 128, 0)
    assert spec.parameters(2_000) == sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize("name", ["layers", "hidden", "heads", "feed_forward"])
def test_a_size_beside_a_preset_is_refused_with_a_cure(name: str) -> None:
    with pytest.raises(ValueError, match=f"preset '113m' has {name} .*, not 64; leave out `{name}`, or the preset"):
        Llama.model_validate({"preset": "113m", name: 64})


@pytest.mark.parametrize("preset", ["7b", ["25m"], 3])
def test_unknown_presets_are_refused_with_the_known_ones(preset: object) -> None:
    with pytest.raises(ValueError, match="'25m', '113m', '403m' or '2b'"):
        Llama.model_validate({"preset": preset})


def test_heads_that_do_not_divide_are_refused_with_a_cure() -> None:
    with pytest.raises(ValueError, match="give a hidden that 14 divides"):
        Llama(hidden=128, heads=7)


def test_flops_agree_with_those_that_torch_counts() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    spec, length = Llama(layers=2, hidden=64), 32
    network = spec.build(200, length, 0)
    network.set_attn_implementation("eager")  # the counter knows no sdpa on a CPU
    tokens_BT = torch.randint(0, 200, (4, length))
    with FlopCounterMode(display=False) as counter:
        network(input_ids=tokens_BT, use_cache=False).logits.sum().backward()
    assert spec.training_flops_per_token(200, length) == pytest.approx(
        counter.get_total_flops() / (4 * length), rel=0.02
    )
