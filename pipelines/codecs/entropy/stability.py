"""Whether a sentence becomes the same tokens wherever it stands: what a model has to see through in compressed text."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.contracts.codec import Coder
from pipelines.contracts.mistakes import Mistake


@dataclass(frozen=True)
class Stability:
    """Over how many prefixes, by how many edits two encodings of the sentence differ, and how many tokens they have."""

    prefixes: int
    mean_distance: float
    mean_length: float


def prefix_stability(coder: Coder, prefixes: Sequence[str], sentence: str) -> Stability:
    """How differently the sentence is encoded behind different prefixes (arXiv 2404.03626, on stability).

    `prefix + sentence` is encoded for each prefix, and so is the prefix alone; the sentence's part is what follows the
    tokens that both begin with. So a token that holds the prefix's end and the sentence's beginning belongs to the
    sentence. `mean_distance` is the mean Levenshtein distance over all pairs of prefixes, in tokens: 0 where the
    sentence is always the same tokens, near `mean_length` where it never is. Mistake with fewer than two prefixes.
    """
    from pipelines.texts.edits import levenshtein

    if len(prefixes) < 2:
        raise Mistake(f"{len(prefixes)} prefixes make no pair to compare; give two different ones at least")
    alone = coder.encode(prefixes)
    followed = coder.encode([prefix + sentence for prefix in prefixes])
    parts = [both[_common(before, both) :] for before, both in zip(alone, followed, strict=True)]
    distances = [levenshtein(one, other) for one, other in itertools.combinations(parts, 2)]
    return Stability(len(prefixes), float(np.mean(distances)), float(np.mean([len(part) for part in parts])))


def _common(one: npt.NDArray[np.uint32], other: npt.NDArray[np.uint32]) -> int:
    """How many tokens both begin with."""
    shorter = min(len(one), len(other))
    different = np.flatnonzero(one[:shorter] != other[:shorter])
    return int(different[0]) if different.size else shorter
