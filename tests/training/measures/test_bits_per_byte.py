"""Evaluation: bits per byte are byte-weighted and add up over genres."""

import math

import numpy as np
import pytest

from training.measures.bits_per_byte import bits_per_byte, summarize


def test_a_bit_a_byte() -> None:
    assert bits_per_byte(8 * math.log(2), 8) == pytest.approx(1.0)
    assert math.isnan(bits_per_byte(0.0, 0))


def test_genres_add_up_to_the_whole_weighted_by_bytes() -> None:
    result = summarize(np.array([10.0, 1.0, 5.0]), np.array([10, 90, 20]), np.array([4, 30, 8]), ["b", "a", "b"])
    assert list(result.genres) == ["a", "b"]
    assert result.genres["b"].nats == 15.0
    assert result.genres["b"].documents == 2
    shares = [total.text_bytes / 120 * total.bits_per_byte for total in result.genres.values()]
    assert sum(shares) == pytest.approx(result.whole.bits_per_byte)


def test_no_genres_is_no_genres() -> None:
    assert summarize(np.ones(2), np.ones(2, np.int64), np.ones(2, np.int64), None).genres == {}
