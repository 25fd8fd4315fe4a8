"""Randomness of training: what is drawn for a sequence depends on the seed, the step and its number, on nothing else.

So a run is the same for any number of workers and however a batch is cut up; no generator has a state.
"""

from training.contracts import IntArray, Keys


def sequence_keys(seed: int, step: int, numbers: IntArray) -> Keys:
    """(B,) 64 random-looking bits a sequence, a pure function of (seed, step, number)."""
    import pyarrow as pa

    from pipelines.corpus.randomness import key64

    ids = pa.array([f"{number:032x}" for number in numbers.tolist()], pa.string())
    return key64(ids, seed, f"training step {step}")
