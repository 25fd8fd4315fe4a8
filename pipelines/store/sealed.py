"""Named arrays in one file that says what it is, what it was made from, and whether it is whole.

    gleaner <kind> <format> <sha256 of all that follows>
    <facts as one line of JSON>
    <the arrays as safetensors>

Nothing in it is executed when it is read, and equal content gives equal bytes.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy.typing as npt

from pipelines.contracts.mistakes import Mistake

FORMAT = 1


class Sealed(NamedTuple):
    """The content of a sealed file: its facts, and its arrays by name."""

    facts: Any
    arrays: dict[str, npt.NDArray[Any]]


def seal(kind: str, facts: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """The bytes of a sealed file; `kind` is one word, `facts` has a JSON form, the arrays are contiguous."""
    from safetensors.numpy import save

    body = json.dumps(facts, sort_keys=True).encode() + b"\n" + save(dict(arrays))
    return f"gleaner {kind} {FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def unseal(kind: str, content: bytes) -> Sealed:
    """Facts and arrays of a whole file of this kind; else a Mistake that names the cure."""
    from safetensors.numpy import load

    first_line, _, body = content.partition(b"\n")
    start = f"gleaner {kind} {FORMAT} ".encode()
    if not first_line.startswith(start):
        raise Mistake(
            f"this is no {kind} of format {FORMAT}, it begins with {content[:40]!r}; open it with what wrote it"
        )
    if first_line[len(start) :] != hashlib.sha256(body).hexdigest().encode():
        raise Mistake(f"this {kind} was cut off or edited after it was written; copy it again or train it anew")
    facts, _, arrays = body.partition(b"\n")
    return Sealed(json.loads(facts), load(arrays))
