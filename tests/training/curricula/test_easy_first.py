"""Easy first: what is active when, and that nothing is repeated without need."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.curricula.easy_first import EasyFirst

GROWTHS = ["linear", "root", "step"]
BUCKETS = np.arange(200, dtype=np.uint8)


@pytest.mark.parametrize("growth", GROWTHS)
def test_only_the_active_share_is_drawn_from(growth: str) -> None:
    spec = EasyFirst(start_share=0.2, step_share=0.1, growth=growth, growth_share=0.6)
    plan = spec.plan(BUCKETS, 1_000, seed=3)
    shares, times = spec.stages()
    for share, begins, ends in zip(shares, times, np.append(times[1:], 1.0), strict=True):
        stage = plan[round(begins * 1_000) : round(ends * 1_000)]
        assert BUCKETS[stage].max() < np.ceil(share * 200)


@pytest.mark.parametrize("growth", GROWTHS)
@pytest.mark.parametrize("growth_share", [0.0, 0.5, 1.0])
def test_the_stages_begin_at_the_start_and_end_with_everything(growth: str, growth_share: float) -> None:
    shares, times = EasyFirst(start_share=0.1, step_share=0.3, growth=growth, growth_share=growth_share).stages()
    if growth_share > 0:
        assert shares[0] == pytest.approx(0.1)
    assert shares[-1] == 1.0
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(growth_share)
    assert len(shares) == len(times)


def test_root_growth_is_ahead_of_linear_growth() -> None:
    plans = [EasyFirst(growth=growth, start_share=0.1).plan(BUCKETS, 1_000, 0) for growth in ("linear", "root")]
    assert BUCKETS[plans[0][:250]].mean() < BUCKETS[plans[1][:250]].mean()


@given(
    start=st.floats(0.01, 1),
    step=st.floats(0.01, 1),
    growth=st.sampled_from(GROWTHS),
    growth_share=st.floats(0, 1),
    draws=st.integers(1, 400),
)
@settings(max_examples=60, deadline=None)
def test_no_sequence_comes_back_before_the_deck_is_through(
    start: float, step: float, growth: str, growth_share: float, draws: int
) -> None:
    spec = EasyFirst(start_share=start, step_share=step, growth=growth, growth_share=growth_share)
    plan = spec.plan(BUCKETS, draws, seed=1)
    assert len(plan) == draws
    smallest_deck = int(np.ceil(start * 200))
    seen = np.bincount(plan, minlength=200)
    assert seen.max() <= -(-draws // smallest_deck)


def test_a_start_with_everything_is_uniform() -> None:
    seen = np.bincount(EasyFirst(start_share=1).plan(BUCKETS, 500, 0), minlength=200)
    assert set(seen) == {2, 3}
