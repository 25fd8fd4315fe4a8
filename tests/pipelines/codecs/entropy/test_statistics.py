"""Statistics of tokens: the trivial models, and how far bits are from uniform, against counting by hand."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.codecs.entropy.statistics import (
    UNITS,
    bit_groups,
    deviation,
    uniform_bits_per_byte,
    uniformity,
    unigram_bits_per_byte,
)

tokens_of = st.lists(st.integers(0, 5), min_size=1, max_size=40).map(np.array)


def counted_entropy(values: list) -> float:
    return -sum(count / len(values) * math.log2(count / len(values)) for count in Counter(values).values())


def counted_groups(stream: bytes, bits: int) -> list[int]:
    written = "".join(f"{byte:08b}" for byte in stream)
    return [int(written[start : start + bits], 2) for start in range(0, len(written) - bits + 1, bits)]


def test_uniform_bits_are_those_of_the_vocabulary() -> None:
    assert uniform_bits_per_byte(np.zeros(50), 100, 256) == 4.0
    assert uniform_bits_per_byte(np.zeros(50), 100, 65536) == 8.0


@given(tokens=tokens_of, training=tokens_of)
def test_unigram_bits_are_the_cross_entropy_under_the_smoothed_shares(tokens: np.ndarray, training: np.ndarray) -> None:
    shares = {token: (training.tolist().count(token) + 1) / (len(training) + 6) for token in range(6)}
    expected = -sum(math.log2(shares[token]) for token in tokens.tolist()) / 7
    assert unigram_bits_per_byte(tokens, 7, training, 6) == pytest.approx(expected)


def test_unigram_bits_of_unseen_and_even_tokens_are_uniform() -> None:
    tokens, nothing = np.arange(100) % 16, np.zeros(0, np.int64)
    assert unigram_bits_per_byte(tokens, 10, nothing, 16) == pytest.approx(uniform_bits_per_byte(tokens, 10, 16))
    assert unigram_bits_per_byte(tokens, 10, tokens[:96], 16) == pytest.approx(uniform_bits_per_byte(tokens, 10, 16))


@given(stream=st.binary(max_size=30), bits=st.sampled_from(UNITS))
def test_groups_of_bits_are_those_of_the_written_stream(stream: bytes, bits: int) -> None:
    assert bit_groups(stream, bits).tolist() == counted_groups(stream, bits)


@given(tokens=st.lists(st.integers(0, 65535), min_size=1, max_size=40).map(np.array))
def test_deviations_are_bits_less_the_counted_entropy(tokens: np.ndarray) -> None:
    stream = b"".join(token.to_bytes(2, "big") for token in tokens.tolist())
    rows = {row.unit: row for row in uniformity(tokens, 65536, bytes(len(stream)))}
    assert list(rows) == ["1-bit", "2-bit", "4-bit", "8-bit", "16-bit", "token", "random 16-bit"]
    for bits in UNITS:
        groups, row = counted_groups(stream, bits), rows[f"{bits}-bit"]
        assert row.samples == len(groups)
        assert row.plug_in_bits == pytest.approx(bits - counted_entropy(groups), abs=1e-9)
        missing = (len(set(groups)) - 1) / (2 * len(groups) * math.log(2))
        assert row.miller_madow_bits == pytest.approx(row.plug_in_bits - missing, abs=1e-9)
    assert rows["token"].plug_in_bits == rows["16-bit"].plug_in_bits
    assert rows["random 16-bit"].plug_in_bits == 16.0


@pytest.mark.parametrize("vocab", [256, 65536])
def test_random_tokens_are_near_uniform_and_nearer_by_miller_and_madow(vocab: int) -> None:
    generator = np.random.default_rng(0)
    *rows, noise = uniformity(generator.integers(0, vocab, 400_000), vocab, generator.bytes(800_000))
    for row, kinds in zip(rows, [*(2**bits for bits in UNITS), vocab], strict=True):
        chance = (kinds - 1 + 6 * math.sqrt(2 * kinds)) / (2 * row.samples * math.log(2))  # as of a chi-squared
        assert 0 <= row.plug_in_bits < 1.1 * chance
    for row in (rows[-2], rows[-1], noise):
        assert abs(row.miller_madow_bits) < 0.2 * row.plug_in_bits
    assert noise.plug_in_bits == pytest.approx(rows[-2].plug_in_bits, rel=0.03)


def test_text_is_far_from_uniform() -> None:
    text = np.frombuffer(b"The text of a sentence is far from random bits. " * 50, np.uint8)
    rows = {row.unit: row for row in uniformity(text, 256, bytes(len(text)))}
    assert rows["8-bit"].miller_madow_bits > 3
    assert rows["8-bit"].plug_in_bits == rows["token"].plug_in_bits


def test_tokens_that_are_no_bits_are_measured_whole() -> None:
    (row,) = uniformity(np.arange(300) % 100, 100, b"")
    assert (row.unit, row.samples) == ("token", 300)
    assert row.plug_in_bits == pytest.approx(0.0, abs=1e-12)


def test_little_noise_is_refused_and_no_tokens_know_nothing() -> None:
    with pytest.raises(ValueError, match="3 bytes of noise are too few"):
        uniformity(np.arange(4), 256, b"abc")
    assert deviation("token", np.zeros(0, np.int64), 16).plug_in_bits == 4.0
