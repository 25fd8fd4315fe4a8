"""Standing: shares of samples, exact at the values that are kept, and the same to a hair in between."""

import numpy as np
import pytest

from pipelines.texts.standing import KEPT, Standings


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.9, 0.9, shape).astype(np.float32)


def test_in_a_small_sample_each_number_has_its_place() -> None:
    sample = numbers(40, 3)
    found = Standings.of(sample).look_up(sample)
    below = (sample[:, None] > sample[None]).sum(axis=1)
    assert found == pytest.approx((below + 1) / 41)


def test_in_a_large_one_the_highest_have_theirs_and_the_others_nearly() -> None:
    sample, others = numbers(20_000, 2), numbers(500, 2)
    standings = Standings.of(sample)
    assert standings.values_TQ.shape[0] == 2
    assert standings.values_TQ.shape[1] == len(standings.shares) <= KEPT
    highest = np.sort(sample, axis=0)[-20:]
    assert standings.look_up(highest) == pytest.approx(np.tile(np.arange(19_981, 20_001)[:, None] / 20_001, 2))
    by_hand = (others[:, None] > sample[None]).mean(axis=1)
    assert np.abs(standings.look_up(others) - by_hand).max() < 0.005


def test_beyond_the_sample_a_higher_number_still_stands_higher() -> None:
    standings = Standings.of(np.array([[-0.5], [0.0], [0.5]], np.float32))
    found = standings.look_up(np.array([[-1.0], [-0.75], [0.5], [0.75], [1.0]], np.float32))[:, 0]
    assert found.tolist() == pytest.approx([0.0, 0.125, 0.75, 0.875, 1.0])


def test_samples_do_not_see_one_another() -> None:
    standings = Standings.of(numbers(50, 4))
    looked = numbers(9, 4)
    assert standings.part(slice(1, 3)).look_up(looked[:, 1:3]).tolist() == standings.look_up(looked)[:, 1:3].tolist()
