"""Listing: which files a path names.

A path is a local file, a folder, a glob, or the same behind any fsspec URL (`s3://`, `gs://`, `hf://`, `https://`).
What exists under its own name is never taken for a pattern, be it the file itself or a folder on the way.
"""

import glob
import logging
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import glob_translate
from pydantic import AfterValidator

from pipelines.contracts.component import PLACEMENT
from pipelines.contracts.location import from_root, located, public
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.storage_errors import reached
from pipelines.sources.reading.files import DECODERS, NO_FACTS, Facts

LOGGER = logging.getLogger(__name__)
DATA_SUFFIXES = (".jsonl", ".ndjson", ".json", ".parquet", ".arrow", ".csv", ".tsv", ".txt", ".text")


def _paths_from_root(path: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """The path or paths from the root on, since workers run in folders of their own."""
    if not all(_paths(path) or [""]):
        raise Mistake("names no file; give a file, a folder, a glob, or a list of these")
    return from_root(path) if isinstance(path, str) else tuple(map(from_root, path))


Paths = Annotated[str | tuple[str, ...], AfterValidator(_paths_from_root), PLACEMENT]


def listed(path: str | Sequence[str], suffixes: Sequence[str]) -> list[str]:
    """Every file that the path or paths name, once each, sorted; local ones as absolute paths, others as URLs.

    A folder gives the files below it that end in one of `suffixes`, with or without a suffix of compression; a glob
    gives what it matches. Links are followed, each folder once. Mistake naming the path that gives none.
    """
    return sorted(described(path, suffixes))


def described(path: str | Sequence[str], suffixes: Sequence[str]) -> dict[str, Facts]:
    """The files that `listed` gives, each with what a listing of a remote filesystem said of it beside its name.

    A bucket tells the facts of a thousand files in one answer, and takes a request for each file that it is asked of.
    """
    found: dict[str, Facts] = {}
    for one in _paths(path):
        with reached("path", one):
            found.update(_described(one, suffixes))
    return found


def warn_of_others(path: str | Sequence[str], suffixes: Sequence[str], kind: str) -> None:
    """Logs how many files of other kinds a folder holds that is read for files of one kind."""
    for one in _paths(path):
        with reached("path", one):
            others = _others_in(one, suffixes)
        told = ", ".join(f"{count} of *{suffix}" for suffix, count in sorted(others.items()))
        if told:
            LOGGER.warning(
                "'%s' also holds files that the source '%s' passes over (%s); to read them too, make them another "
                "part of a source of kind `mixture`",
                public(one),
                kind,
                told,
            )


def _paths(path: str | Sequence[str]) -> Sequence[str]:
    return [path] if isinstance(path, str) else path


def _described(path: str, suffixes: Sequence[str]) -> dict[str, Facts]:
    filesystem, inner = located(path)
    found = _found(filesystem, inner, path, suffixes)
    if isinstance(filesystem, LocalFileSystem):
        return found
    return {filesystem.unstrip_protocol(name): facts for name, facts in found.items()}


def _found(filesystem: fsspec.AbstractFileSystem, inner: str, path: str, suffixes: Sequence[str]) -> dict[str, Facts]:
    told, folder = public(path), f"a folder that holds *{suffixes[0]} files"
    if filesystem.isfile(inner):
        found = {inner: NO_FACTS}
    elif filesystem.isdir(inner):
        wanted = _endings(suffixes)
        found = {file: facts for file, facts in _below(filesystem, inner).items() if file.endswith(wanted)}
    elif glob.has_magic(inner):
        found = _matched(filesystem, inner)
    else:
        raise Mistake(f"there is no '{told}' here; give a file, {folder}, or a glob such as 'data/*{suffixes[0]}'")
    if not found:
        raise Mistake(f"no file is named by '{told}'; give a file, {folder}, or a glob that matches some")
    return found


def _endings(suffixes: Iterable[str]) -> tuple[str, ...]:
    """The suffixes, with and without one of compression."""
    return tuple(suffix + packed for suffix in suffixes for packed in ("", *DECODERS))


def _others_in(path: str, suffixes: Sequence[str]) -> Counter[str]:
    """How many files of each other kind of data lie in the folder that the path names; none where it names none."""
    filesystem, inner = located(path)
    return _other_kinds(_below(filesystem, inner), suffixes) if filesystem.isdir(inner) else Counter()


def _other_kinds(files: Iterable[str], suffixes: Sequence[str]) -> Counter[str]:
    """How many of the files have each other suffix of data."""
    others = {suffix: _endings([suffix]) for suffix in DATA_SUFFIXES if suffix not in suffixes}
    return Counter(suffix for file in files for suffix, endings in others.items() if file.endswith(endings))


def _below(filesystem: fsspec.AbstractFileSystem, folder: str) -> dict[str, Facts]:
    """All files below a folder but those that are hidden."""
    is_local = isinstance(filesystem, LocalFileSystem)
    found = dict.fromkeys(_walked(folder), NO_FACTS) if is_local else filesystem.find(folder, detail=True)
    return {file: facts for file, facts in found.items() if not _is_hidden(file, folder)}


def _walked(folder: str) -> Iterator[str]:
    seen: set[str] = set()
    for here, folders, names in os.walk(folder, followlinks=True):
        home = os.path.realpath(here)
        if home in seen:
            folders.clear()
            continue
        seen.add(home)
        folders.sort()
        yield from (file for name in names if os.path.isfile(file := os.path.join(here, name)))


def _is_hidden(file: str, folder: str) -> bool:
    """Whether a name below the folder starts with a dot or an underscore, as unfinished and service files do."""
    return any(part[:1] in (".", "_") for part in file.removeprefix(folder).split("/") if part)


def _literal_parts(filesystem: fsspec.AbstractFileSystem, parts: Sequence[str]) -> int:
    """How many of a path's parts stand for themselves: those without signs of a pattern, or that exist as written."""
    for place, part in enumerate(parts):
        if glob.has_magic(part) and not filesystem.exists("/".join(parts[: place + 1])):
            return place
    return len(parts)


def _matched(filesystem: fsspec.AbstractFileSystem, path: str) -> dict[str, Facts]:
    parts = path.split("/")
    literal = _literal_parts(filesystem, parts)
    root = "/".join(parts[:literal])
    pattern = "/".join([glob.escape(root), *parts[literal:]])
    if not isinstance(filesystem, LocalFileSystem):
        return {file: facts for file, facts in filesystem.glob(pattern, detail=True).items() if facts["type"] == "file"}
    found = _matched_below(root, pattern) if "**" in pattern else filter(os.path.isfile, glob.iglob(pattern))
    homes: dict[tuple[str, str], str] = {}
    for file in sorted(found, key=len):  # a link that leads back up gives the same files again under longer names
        folder, name = os.path.split(file)
        homes.setdefault((os.path.realpath(folder), name), file)
    return dict.fromkeys(homes.values(), NO_FACTS)


def _matched_below(root: str, pattern: str) -> Iterator[str]:
    """The files below a folder that a pattern with `**` matches; Python's own glob would walk in circles of links."""
    matches = re.compile(glob_translate(pattern)).match
    return (file for file in _walked(root) if matches(file) and not _is_hidden(file, root))
