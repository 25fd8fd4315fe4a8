"""Randomness is a pure function of (seed, purpose, id) and looks uniform."""

import hashlib

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.corpus.randomness import key64, uniform

GOLDEN = ["beefb6983c574802", "874fe46d331cf2d1", "5d635ab9cb365ca5", "d841dedaaa0574c7"]


def hex_ids(count: int) -> pa.Array:
    return pa.array([hashlib.md5(str(number).encode()).hexdigest() for number in range(count)])


def slow_key(identity: str, seed: int, purpose: str) -> int:
    """The definition in plain integers, for ids of 32 hexadecimal digits."""
    import xxhash

    def mixed(word: int) -> int:
        word = (word + 0x9E3779B97F4A7C15) % 2**64
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) % 2**64
        return word ^ (word >> 31)

    high, low = divmod(int(identity, 16), 2**64)
    return mixed(mixed((low + xxhash.xxh3_64_intdigest(f"{seed}:{purpose}".encode())) % 2**64) ^ high)


def test_golden_values() -> None:
    ids = pa.array(["00000000000000000000000000000000", "0123456789abcdef0123456789abcdef", "row-7", ""])
    assert [f"{key:016x}" for key in key64(ids, 7, "gumbel")] == GOLDEN
    np.testing.assert_array_equal(uniform(ids, 7, "gumbel"), ((key64(ids, 7, "gumbel") >> 12) + 0.5) / 2**52)


def test_agrees_with_the_definition_in_plain_integers() -> None:
    ids = hex_ids(200)
    assert key64(ids, -3, "x").tolist() == [slow_key(each, -3, "x") for each in ids.to_pylist()]


@given(st.lists(st.one_of(st.text(), st.text("0123456789abcdefABg", min_size=32, max_size=32)), max_size=20))
def test_a_row_does_not_know_its_neighbours(ids: list[str]) -> None:
    together = key64(pa.array(ids, pa.string()), 1)
    alone = [int(key64(pa.array([each]), 1)[0]) for each in ids]
    assert together.tolist() == alone
    sliced = key64(pa.array(["x", *ids], pa.large_string()).slice(1), 1)
    assert sliced.tolist() == alone
    assert len({int(key) for key in together}) == len(set(ids))


def test_looks_uniform_and_independent() -> None:
    ids = hex_ids(100_000)
    draws = {name: uniform(ids, seed, name) for seed, name in ((1, "a"), (1, "b"), (2, "c"))}
    for draw in draws.values():
        assert draw.min() > 0
        assert draw.max() < 1
        counts = np.histogram(draw, bins=100, range=(0, 1))[0]
        assert ((counts - 1000) ** 2 / 1000).sum() < 160  # chi-square of 99 degrees: 160 has odds 1e-4
        assert abs(np.corrcoef(draw[:-1], draw[1:])[0, 1]) < 0.015
    for other in ("b", "c"):
        assert abs(np.corrcoef(draws["a"], draws[other])[0, 1]) < 0.015


def test_ids_that_differ_in_one_digit_get_unrelated_numbers() -> None:
    ids = pa.array([f"{number:032x}" for number in range(50_000)])
    counts = np.histogram(uniform(ids, 0), bins=50, range=(0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 95
    bits = np.unpackbits((key64(ids, 0)[:-1] ^ key64(ids, 0)[1:]).view(np.uint8)).mean()
    assert abs(bits - 0.5) < 0.005
