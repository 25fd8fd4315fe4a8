"""Documents that any machine with Python has: the topics of its own language reference."""

import functools
from collections.abc import Iterator
from typing import Literal

import pyarrow as pa
import xxhash

from pipelines.contracts.rows import TEXT, Read
from pipelines.contracts.source import Source

MODULE = "pydoc_data.topics"
GENRE = "reference"


class PythonTopics(Source):
    """One half of the topics that `help()` shows (`pydoc_data.topics`), about 230 KB of the language reference each.

    Topics quote each other: `compound` contains `if`, `for` and `with`. Those that share 13 words in a row are in the
    same half, so nothing of the evaluation half is in the target half. Columns: text, source, topic, genre.
    """

    half: Literal["target", "evaluation"] = "target"

    def files(self) -> list[str]:
        """One entry, the module that holds the topics."""
        return [MODULE]

    def size(self, file: str) -> int:
        """Bytes of all topics of both halves."""
        return sum(len(text.encode()) for text in _topics().values())

    def fingerprint(self) -> dict[str, str]:
        """A digest over the names and texts of all topics, from which the half follows; Pythons differ in them."""
        digest = xxhash.xxh3_128()
        for name, text in _topics().items():
            digest.update(f"{name}\0{text}\0".encode())
        return {"topics": digest.hexdigest()}

    def read(self, file: str) -> Iterator[Read]:
        """All topics of the half in one batch, by name."""
        names = self._names()
        columns = {
            TEXT: [_topics()[name] for name in names],
            "source": [MODULE] * len(names),
            "topic": names,
            "genre": [GENRE] * len(names),
        }
        yield Read(rows=pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}))

    def _names(self) -> list[str]:
        return _halves()[self.half]


@functools.cache
def _topics() -> dict[str, str]:
    from pydoc_data.topics import topics

    return {name: text for name, text in sorted(topics.items()) if text.strip()}


@functools.cache
def _halves() -> dict[str, list[str]]:
    from pipelines.texts.halves import halves

    target, evaluation = halves({name: [text] for name, text in _topics().items()})
    return {"target": target, "evaluation": evaluation}
