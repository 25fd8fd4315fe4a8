"""Whole numbers from probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.codecs.entropy.cdf import TOTAL, quantized_cdf

weights = arrays(np.float64, (3, 256), elements=st.floats(0, 1e6), fill=st.just(0.0)).filter(
    lambda rows: (rows.sum(axis=1) > 1e-3).all()
)


@given(rows=weights)
def test_every_byte_has_one_and_all_of_them_the_total(rows: np.ndarray) -> None:
    counts = np.diff(quantized_cdf(rows), axis=1)
    assert counts.min() >= 1
    assert (counts.sum(axis=1) == TOTAL).all()


@given(rows=weights)
def test_counts_are_within_one_of_their_share(rows: np.ndarray) -> None:
    counts = np.diff(quantized_cdf(rows), axis=1)
    shares = rows / rows.sum(axis=1, keepdims=True) * (TOTAL - 256) + 1
    assert (np.abs(counts - shares) <= 1 + 1e-6).all()


@given(rows=weights)
def test_a_row_does_not_depend_on_its_company(rows: np.ndarray) -> None:
    alone = np.concatenate([quantized_cdf(rows[place : place + 1]) for place in range(3)])
    assert (alone == quantized_cdf(rows)).all()


def test_equal_probabilities_give_equal_counts_and_certainty_leaves_one_to_the_others() -> None:
    assert (np.diff(quantized_cdf(np.full((1, 256), 1 / 256))) == TOTAL // 256).all()
    certain = np.diff(quantized_cdf(np.eye(256)[[65]]))[0]
    assert certain[65] == TOTAL - 255
    assert (np.delete(certain, 65) == 1).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.1])
def test_what_is_no_probability_is_refused(bad: float) -> None:
    rows = np.full((1, 256), 1 / 256)
    rows[0, 3] = bad
    with pytest.raises(ValueError, match="negative, not finite or all 0"):
        quantized_cdf(rows)
    with pytest.raises(ValueError, match="all 0"):
        quantized_cdf(np.zeros((1, 256)))
