"""A few huge gradients decide neither the Gram matrix nor a ranking."""

import numpy as np
import pytest

from pipelines.gradients.block import Block
from pipelines.gradients.clipping import clipped, longest_of, norms
from pipelines.gradients.gram import direction, gram_of

ALL = [Block("all", 0, 6)]


def features() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)


def test_no_feature_is_longer_than_the_bound_and_the_others_stay() -> None:
    rows = features()
    rows[3] *= 1e12
    rows[4] = 0
    found = clipped(rows, 5.0)
    assert norms(found).max() == pytest.approx(5.0, rel=1e-6)
    np.testing.assert_allclose(found[3] / 5, rows[3] / norms(rows)[3], rtol=1e-5)
    short = norms(rows) < 5
    np.testing.assert_array_equal(found[short], rows[short])


def test_the_bound_is_of_those_that_have_a_gradient() -> None:
    assert longest_of(np.array([0, 0, 0, 1.0, 3.0, 2.0]), 10.0) == 20.0
    assert longest_of(np.zeros(3), 10.0) == np.inf


def test_one_huge_gradient_hardly_turns_the_direction() -> None:
    rows, target = features(), np.arange(6.0)
    plain = solved(rows, target)
    rows[7] = np.float32(1e15) * (1 + np.arange(6))
    bound = longest_of(norms(rows), 10.0)
    assert cosine(solved(clipped(rows, bound), target), plain) > 0.9
    assert cosine(solved(rows, target), plain) < 0.5


def solved(rows: np.ndarray, target: np.ndarray) -> np.ndarray:
    return direction([gram_of(rows, ALL).reshape(6, 6)], ALL, target, damping=0.1)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))
