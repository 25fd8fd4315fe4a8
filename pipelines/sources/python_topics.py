"""Documents that any machine with Python has: the topics of its own language reference."""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Literal

import pyarrow as pa
import xxhash

from pipelines.contracts.rows import TEXT, Read
from pipelines.contracts.source import Source

MODULE = "pydoc_data.topics"
GENRE = "reference"
SHARED_WORDS = 13  # as many words in a row make two topics related
WORD = re.compile(r"\w+")


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
        """A digest over the names and texts of this half's topics; other versions of Python have other texts."""
        digest = xxhash.xxh3_128()
        for name in self._names():
            digest.update(f"{name}\0{_topics()[name]}\0".encode())
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
    return halves(_topics())


def halves(topics: Mapping[str, str]) -> dict[str, list[str]]:
    """The names of the topics in two halves of about equal bytes that share no run of 13 words; each sorted.

    Whole groups of related topics are dealt out from the largest to the smallest, each to the half that is
    smaller so far; equally large groups come in the order of a hash of their first name.
    """
    groups = related(topics)
    weights = [sum(len(topics[name]) for name in group) for group in groups]
    order = sorted(range(len(groups)), key=lambda n: (-weights[n], xxhash.xxh3_64_intdigest(groups[n][0].encode())))
    result: dict[str, list[str]] = {"target": [], "evaluation": []}
    held = dict.fromkeys(result, 0)
    for number in order:
        half = min(held, key=lambda name: held[name])
        result[half] += groups[number]
        held[half] += weights[number]
    return {half: sorted(names) for half, names in result.items()}


def related(topics: Mapping[str, str]) -> list[list[str]]:
    """The topics in groups, such that two topics of different groups share no run of 13 words (union-find)."""
    leader = {name: name for name in topics}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    first_with: dict[tuple[str, ...], str] = {}
    for name, text in sorted(topics.items()):
        words = WORD.findall(text.lower())
        for start in range(len(words) - SHARED_WORDS + 1):
            other = first_with.setdefault(tuple(words[start : start + SHARED_WORDS]), name)
            if other != name:
                leader[find(name)] = find(other)
    groups: dict[str, list[str]] = {}
    for name in sorted(topics):
        groups.setdefault(find(name), []).append(name)
    return list(groups.values())
