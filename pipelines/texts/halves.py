"""Halves: texts dealt into two parts of about equal length, such that no text quotes one of the other part."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import xxhash

from pipelines.texts.folding import folded, lettered
from pipelines.texts.hashing import HashArray
from pipelines.texts.ngrams import Int64Array, ngrams

SHARED_WORDS = 13  # as many words in a row make two texts related
WORDING_SHARE = 0.9  # what so many of all texts share is an instruction or a form
WORDING_TEXTS = 9  # and they are so many at least


def halves(passages: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """The names in two halves of about equal characters, each sorted; names that are `related` are in one half.

    Whole groups of related names are dealt out from the largest to the smallest, each to the half that is smaller so
    far; equally large groups come in the order of a hash of their first name. Of one group the second half is empty.
    """
    groups = related(passages)
    weights = [sum(len(text) for name in group for text in passages[name]) for group in groups]
    order = sorted(range(len(groups)), key=lambda n: (-weights[n], xxhash.xxh3_64_intdigest(groups[n][0].encode())))
    dealt: tuple[list[str], list[str]] = ([], [])
    held = [0, 0]
    for number in order:
        half = held.index(min(held))
        dealt[half].extend(groups[number])
        held[half] += weights[number]
    return sorted(dealt[0]), sorted(dealt[1])


def related(passages: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The names in groups, such that the passages of two groups share no run; names and groups are sorted.

    A run is 13 words in a row (as in `pipelines/texts/ngrams.py`), or a whole passage that has fewer, folded. What nine
    names in ten share, and nine at least, is the wording of them all, an instruction say, and relates nobody.
    """
    names = sorted(passages)
    owners = np.repeat(np.arange(len(names)), [len(passages[name]) for name in names])
    runs, places = _runs(pa.array([text for name in names for text in passages[name]], pa.large_string()))
    leaders = _leaders(len(names), _sharing(runs, owners[places], len(names)))
    groups: dict[int, list[str]] = {}
    for leader, name in zip(leaders, names, strict=True):
        groups.setdefault(leader, []).append(name)
    return list(groups.values())


def _runs(texts: pa.Array) -> tuple[HashArray, Int64Array]:
    """(k,) hashes of all runs, and the text each one is from."""
    runs, places = ngrams(lettered(texts), SHARED_WORDS)
    short = np.setdiff1d(np.arange(len(texts)), places)
    whole = [xxhash.xxh3_64_intdigest(text.encode()) for text in folded(texts.take(pa.array(short))).to_pylist()]
    return np.concatenate([runs, np.array(whole, np.uint64)]), np.concatenate([places, short])


def _sharing(runs: HashArray, owners: Int64Array, count: int) -> list[tuple[int, int]]:
    """Pairs of owners that share a run; all that share one are linked by them, each to the next one."""
    order = np.lexsort((owners, runs))
    runs, owners = runs[order], owners[order]
    first = np.append(True, (runs[1:] != runs[:-1]) | (owners[1:] != owners[:-1]))[: len(runs)]
    runs, owners = runs[first], owners[first]
    _, sharers = np.unique(runs, return_counts=True)
    is_wording = np.repeat(sharers >= max(WORDING_TEXTS, WORDING_SHARE * count), sharers)
    linked = np.flatnonzero((runs[1:] == runs[:-1]) & ~is_wording[1:])
    pairs = np.unique(owners[linked] * count + owners[linked + 1])
    return list(zip((pairs // count).tolist(), (pairs % count).tolist(), strict=True))


def _leaders(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """(count,) the lowest number that each one is linked to, by itself or through others (union-find)."""
    leader = list(range(count))

    def find(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    for one, other in pairs:
        low, high = sorted((find(one), find(other)))
        leader[high] = low
    return [find(number) for number in range(count)]
