"""LLaMA: sizes from one dial, and the FLOPs that its parts cost."""

import pytest
import torch

from training.models.llama import Llama


@pytest.mark.parametrize(("layers", "millions"), [(4, 0.80), (8, 6.5), (12, 21.2), (24, 170.0)])
def test_one_dial_gives_the_sizes_that_the_docstring_names(layers: int, millions: float) -> None:
    assert Llama(layers=layers).parameters(0) / 1e6 == pytest.approx(millions, rel=0.03)


def test_given_sizes_win_over_derived_ones() -> None:
    assert Llama(layers=8, hidden=336, heads=8, feed_forward=1344).sizes() == (336, 8, 1344)


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
        spec.nats(network, tokens_BT, torch.ones_like(tokens_BT, dtype=torch.bool)).backward()
    assert spec.training_flops_per_token(200, length) == pytest.approx(
        counter.get_total_flops() / (4 * length), rel=0.02
    )


def test_padding_is_not_learned_from() -> None:
    spec = Llama(layers=1, hidden=32)
    network = spec.build(50, 8, 0)
    tokens_BT = torch.tensor([[5, 6, 7, 0, 0, 0, 0, 0]])
    scored_BT = torch.tensor([[True, True, True, True, False, False, False, False]])
    whole = spec.nats(network, tokens_BT, scored_BT)
    assert torch.allclose(whole, spec.nats(network, tokens_BT[:, :4], scored_BT[:, :4]), rtol=1e-5)
