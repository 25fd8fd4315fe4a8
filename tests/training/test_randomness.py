"""Randomness of a sequence: its seed, step and number, and nothing else."""

import numpy as np

from training.randomness import sequence_keys

NUMBERS = np.array([5, 0, 2**40, 5, 77])


def test_a_key_is_that_of_the_sequence_wherever_it_stands() -> None:
    whole = sequence_keys(3, 9, NUMBERS)
    alone = [sequence_keys(3, 9, NUMBERS[row : row + 1])[0] for row in range(len(NUMBERS))]
    assert whole.tolist() == alone
    assert whole[0] == whole[3]
    assert len(sequence_keys(3, 9, NUMBERS[:0])) == 0


def test_another_seed_step_or_sequence_is_another_key() -> None:
    keys = np.concatenate([sequence_keys(seed, step, np.arange(50)) for seed in range(4) for step in range(50)])
    assert len(np.unique(keys)) == len(keys)


def test_keys_are_pinned() -> None:
    assert sequence_keys(7, 1, np.array([0, 1])).tolist() == [17062495345882944632, 10175630059688601732]
