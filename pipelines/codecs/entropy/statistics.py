"""What tokens look like to a model that has learned nothing, and how near they are to random bits.

The trivial models of arXiv 2404.03626 (section 4) spend a fixed number of bits on a token. What a coder leaves of the
redundancy shows in how far the tokens are from uniform: nothing that a model could learn by counting is left at 0.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.codecs.entropy.packing import TYPES
from pipelines.contracts.mistakes import Mistake

Numbers = npt.NDArray[np.integer]
UNITS = (1, 2, 4, 8, 16)  # bits of an n-gram


@dataclass(frozen=True)
class Uniformity:
    """How many bits a unit falls short of uniform, by two estimates of the entropy, and of how many units it is known.

    `plug_in_bits` is KL(observed || uniform), 0 only where all values are equally frequent; few samples make it too
    large. `miller_madow_bits` takes the first-order part of that error off, so it may be a little below 0.
    """

    unit: str
    plug_in_bits: float
    miller_madow_bits: float
    samples: int


def uniform_bits_per_byte(tokens: Numbers, text_bytes: int, vocab: int) -> float:
    """Bits per byte of a model that finds all `vocab` tokens equally probable: log2(vocab) for each of the tokens."""
    return len(tokens) * float(np.log2(vocab)) / text_bytes


def unigram_bits_per_byte(tokens: Numbers, text_bytes: int, training_tokens: Numbers, vocab: int) -> float:
    """Bits per byte of a model that knows the shares of the training tokens, one more of each being counted."""
    counts = np.bincount(training_tokens, minlength=vocab) + 1
    bits = np.log2(counts.sum()) - np.log2(counts)
    return float(bits[tokens].sum()) / text_bytes


def uniformity(tokens: Numbers, vocab: int, noise: bytes) -> list[Uniformity]:
    """How far from uniform tokens 0 to `vocab` - 1 are, whole and, where they are 8 or 16 bits, in n-grams of bits.

    The tokens are written one after the other, the high bit first, and cut into groups of 1, 2, 4, 8 and 16 bits; what
    is left over at the end is dropped. A last row measures as many bytes of `noise` in groups of 16 bits: so far from
    uniform do perfect bits seem (arXiv 2404.03626, on the uniformity of compressed text). Mistake where `noise` is
    shorter than the tokens.
    """
    whole = deviation("token", tokens, vocab)
    if vocab not in TYPES:
        return [whole]
    stream = tokens.astype(TYPES[vocab]).tobytes()
    if len(noise) < len(stream):
        raise Mistake(f"{len(noise)} bytes of noise are too few; give as many as the tokens have, {len(stream)}")
    rows = [deviation(f"{bits}-bit", bit_groups(stream, bits), 1 << bits) for bits in UNITS]
    return [*rows, whole, deviation("random 16-bit", bit_groups(noise[: len(stream)], 16), 1 << 16)]


def deviation(unit: str, values: Numbers, kinds: int) -> Uniformity:
    """How far values 0 to `kinds` - 1 are from uniform.

    Miller and Madow (1955): the plug-in entropy of N samples is too small by about (m - 1) / (2 N) nats, m being how
    many different values were seen.
    """
    counts = np.bincount(values)
    counts, samples = counts[counts > 0], max(1, len(values))
    entropy = np.log2(samples) - float((counts * np.log2(counts)).sum()) / samples
    missing = (len(counts) - 1) / (2 * samples * np.log(2))
    plug_in = float(np.log2(kinds) - entropy)
    return Uniformity(unit, plug_in, float(plug_in - missing), len(values))


def bit_groups(stream: bytes, bits: int) -> Numbers:
    """(n,) the stream's groups of 1, 2, 4, 8 or 16 bits as numbers, the high bit first; half a group is dropped."""
    if bits == 16:
        return np.frombuffer(stream[: len(stream) // 2 * 2], ">u2").astype(np.int64)
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    letters = np.frombuffer(stream, np.uint8)
    return ((letters[:, None] >> shifts) & ((1 << bits) - 1)).ravel()
