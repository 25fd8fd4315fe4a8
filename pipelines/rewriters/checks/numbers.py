"""Check `numbers`: numbers of a rewrite that its original does not have."""

import re

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def invented_numbers(original: str, rewrite: str) -> tuple[int, float]:
    """How many distinct numbers of the rewrite are not in the original, and which share of its numbers they are."""
    stated = set(NUMBER.findall(rewrite))
    invented = stated - set(NUMBER.findall(original))
    return len(invented), len(invented) / len(stated) if stated else 0.0
