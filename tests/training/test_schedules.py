"""Learning-rate schedules: warm-up, peak, fall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.schedules import rate_share

SCHEDULES = ["cosine", "linear", "wsd"]


@given(
    schedule=st.sampled_from(SCHEDULES),
    steps=st.integers(1, 300),
    warmup=st.floats(0, 0.5),
    decay=st.floats(0, 0.5),
    floor=st.floats(0, 1),
)
def test_it_rises_then_never_rises_again(schedule: str, steps: int, warmup: float, decay: float, floor: float) -> None:
    shares = [rate_share(schedule, step, steps, warmup, decay, floor) for step in range(steps)]
    top = round(warmup * steps)
    assert shares[:top] == sorted(shares[:top])
    assert shares[top:] == sorted(shares[top:], reverse=True)
    assert all(0 <= share <= 1 for share in shares)
    if top < steps:
        assert shares[top] == 1.0


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_it_ends_near_the_floor(schedule: str) -> None:
    assert rate_share(schedule, 999, 1_000, 0.1, 0.2, 0.1) == pytest.approx(0.1, abs=0.01)


def test_warmup_stable_decay_is_stable_in_the_middle() -> None:
    assert {rate_share("wsd", step, 100, 0.1, 0.2, 0.0) for step in range(10, 81)} == {1.0}
    assert rate_share("wsd", 90, 100, 0.1, 0.2, 0.0) == pytest.approx(0.5)
