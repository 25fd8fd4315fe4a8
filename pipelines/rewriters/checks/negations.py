"""Check `negations`: negations that a rewrite lost or gained."""

import re

NEGATION = re.compile(r"\b(?:no|not|never|none|nobody|nothing|neither|nor|without|cannot)\b|n['’]t\b", re.IGNORECASE)


def turned_negations(original: str, rewrite: str) -> int:
    """How many negations one of the two has where the other has none at all; 0 where both have some."""
    counts = len(NEGATION.findall(original)), len(NEGATION.findall(rewrite))
    return max(counts) if min(counts) == 0 else 0
