"""Check `echo`: how much of its instructions a reply gives back."""

import functools
import re
from collections.abc import Set

RUN_WORDS = 5
WORD = re.compile(r"\w+")
Runs = Set[tuple[str, ...]]


def echoed(instructions: str, original: str, rewrite: str) -> int:
    """How many different runs of RUN_WORDS words the rewrite has from the instructions and not from the original."""
    shared = _runs(rewrite) & _instructed_runs(instructions)
    return len(shared - _runs(original)) if shared else 0


@functools.cache
def _instructed_runs(instructions: str) -> Runs:
    """The runs of one genre's instructions, of which there are few; made once in a process."""
    return _runs(instructions)


def _runs(text: str) -> Runs:
    words = WORD.findall(text.lower())
    return set(zip(*(words[start:] for start in range(RUN_WORDS)), strict=False))
