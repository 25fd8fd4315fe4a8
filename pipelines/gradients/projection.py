"""Projection: random matrices that keep inner products on average, drawn from a counter wherever they are needed."""

from typing import TYPE_CHECKING

import numpy as np
import xxhash

if TYPE_CHECKING:
    import torch


def projection(size: int, dimensions: int, seed: str, name: str) -> "torch.Tensor":
    """(size, dimensions) independent signs / sqrt(dimensions), or the identity where that is no larger.

    A pure function of seed and name (Philox counts, no state), so it is nowhere stored. For P drawn so, the mean of
    (P^T x) . (P^T y) is x . y for any size, and with the identity it is so exactly; therefore layers of unlike shapes
    weigh what they weigh in the whole gradient.
    """
    import torch

    if dimensions >= size:
        return torch.eye(size)
    return signs(size, dimensions, seed, name).div_(dimensions**0.5)


def signs(size: int, dimensions: int, seed: str, name: str) -> "torch.Tensor":
    """(size, dimensions) independent signs, +1 or -1; a pure function of seed and name."""
    import torch

    counter = np.random.Philox(key=xxhash.xxh3_128_intdigest(f"{seed}:{name}".encode()))
    words = counter.random_raw(-(-size * dimensions // 64)).astype("<u8")
    bits = np.unpackbits(words.view(np.uint8), count=size * dimensions).reshape(size, dimensions)
    drawn: torch.Tensor = torch.from_numpy(bits).float().mul_(2).sub_(1)
    return drawn
