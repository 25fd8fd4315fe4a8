"""Exponential: exp(-x) as whole numbers from a table made without floats, the same on every machine."""

from decimal import Decimal, localcontext

import numpy as np

from pipelines.contracts.rows import FloatArray

STEP_BITS = 10  # x is a multiple of 2**-10
VALUE_BITS = 24  # exp(0) is 2**24
LARGEST = 16  # exp(-16) is 2 of 2**24: nothing in the table is 0, and nothing beyond it matters
GUARD_BITS = 160


def exponential_table() -> FloatArray:
    """(16 * 2**10 + 1,) whole numbers: round(2**24 * exp(-i / 2**10)), falling from 2**24 to 2.

    Each power is the one before times exp(-2**-10), in integers of 160 digits, of which the error eats no more than 15.
    """
    with localcontext() as context:
        context.prec = 60
        factor = int((-Decimal(1) / (1 << STEP_BITS)).exp() * (1 << GUARD_BITS))
    half = 1 << (GUARD_BITS - VALUE_BITS - 1)
    values, power = [], 1 << GUARD_BITS
    for _ in range((LARGEST << STEP_BITS) + 1):
        values.append((power + half) >> (GUARD_BITS - VALUE_BITS))
        power = power * factor >> GUARD_BITS
    return np.array(values, np.float64)
