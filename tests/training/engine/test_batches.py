"""Batches: pure in step and rank, the same whatever the number of workers, read ahead."""

import threading

import numpy as np
import pytest

from pipelines.packing.packed import Packed
from pipelines.packing.sequences import scored
from training.engine.batches import Prefetch, Share, batch, numbers

PLAN = np.random.default_rng(5).integers(0, 120, 160)


@pytest.mark.parametrize("world", [1, 2, 4, 8])
def test_the_ranks_together_have_the_batch_of_the_step(packed: Packed, world: int) -> None:
    for step in (0, 3, 19):
        parts = [batch(packed, PLAN, step, Share(8, rank, world)).tokens_BT for rank in range(world)]
        assert np.array_equal(np.concatenate(parts), packed.rows(PLAN[step * 8 : step * 8 + 8]))


def test_every_draw_of_the_plan_is_used_once() -> None:
    used = [numbers(PLAN, step, Share(8, rank, 4)) for step in range(20) for rank in range(4)]
    assert np.array_equal(np.concatenate(used), PLAN)


def test_padding_after_the_closing_end_is_not_scored() -> None:
    end = 0
    tokens_BT = np.array([[5, 0, 0, 6, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 0]])
    assert scored(tokens_BT, end).tolist() == [[True] * 5 + [False] * 2, [True] * 7, [True] * 7]


def test_read_ahead_gives_the_same_batches_from_any_first_step(packed: Packed) -> None:
    share = Share(8, 1, 2)
    with Prefetch(packed, PLAN, share, first=4, steps=20) as batches:
        read = [each.tokens_BT for each in batches]
    assert len(read) == 16
    for step, tokens_BT in enumerate(read, start=4):
        assert np.array_equal(tokens_BT, batch(packed, PLAN, step, share).tokens_BT)


def test_an_error_while_reading_is_raised_by_the_iteration(packed: Packed) -> None:
    with pytest.raises(IndexError), Prefetch(packed, PLAN + 1_000, Share(8, 0, 1), 0, 20) as batches:
        list(batches)


def test_leaving_early_ends_the_thread(packed: Packed) -> None:
    before = threading.active_count()
    with Prefetch(packed, PLAN, Share(8, 0, 1), 0, 20) as batches:
        next(iter(batches))
    assert threading.active_count() == before
