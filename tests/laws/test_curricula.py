"""Laws that every curriculum keeps; a new file of the family is tested the moment it exists."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.component import kinds
from training.contracts import Curriculum

KINDS = kinds("training.curricula")


def curriculum(kind: str) -> Curriculum:
    return Curriculum.model_validate({"kind": kind})


@pytest.mark.parametrize("kind", KINDS)
@given(
    buckets=st.lists(st.integers(0, 255), min_size=1, max_size=60), draws=st.integers(0, 300), seed=st.integers(0, 9)
)
@settings(max_examples=40, deadline=None)
def test_a_plan_is_so_many_known_sequences_and_the_same_again(
    kind: str, buckets: list[int], draws: int, seed: int
) -> None:
    difficulty = np.array(buckets, dtype=np.uint8)
    before = difficulty.copy()
    plan = curriculum(kind).plan(difficulty, draws, seed)
    assert plan.shape == (draws,)
    assert plan.dtype == np.int64
    assert draws == 0 or (plan.min() >= 0 and plan.max() < len(buckets))
    assert np.array_equal(plan, curriculum(kind).plan(difficulty, draws, seed))
    assert np.array_equal(difficulty, before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_run_sees_every_sequence(kind: str) -> None:
    plan = curriculum(kind).plan(np.arange(100, dtype=np.uint8), 2_000, seed=1)
    assert len(np.unique(plan)) == 100


@pytest.mark.parametrize("kind", KINDS)
def test_another_seed_is_another_plan(kind: str) -> None:
    buckets = np.zeros(100, dtype=np.uint8)
    assert not np.array_equal(curriculum(kind).plan(buckets, 100, 1), curriculum(kind).plan(buckets, 100, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_usable_with_defaults_and_survives_a_round_trip(kind: str) -> None:
    spec = curriculum(kind)
    assert Curriculum.model_validate(spec.model_dump(mode="json")) == spec
