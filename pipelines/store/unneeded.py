"""Unneeded: what lies in a store and no finished result names.

That is the attempts that another one overtook and the tables beside them, the records by which a build goes on, the
checkpoints of a finished training, and all of a build that was broken off.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.store.address import HASH_DIGITS
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

ADDRESS = re.compile(rf"\w+-[0-9a-f]{{{HASH_DIGITS}}}")
KEPT_FOLDER = "quarantine"


@dataclass(frozen=True)
class Unneeded:
    """A file or a whole folder that nothing names, by its path inside the store, with the bytes in it, and why."""

    path: str
    bytes: int
    why: str


def find_unneeded(store: Store, idle_seconds: float) -> list[Unneeded]:
    """All of it below addresses to which nobody has written for so long, so that no work in progress is touched."""
    addresses = [name for name in store.names("") if ADDRESS.fullmatch(name)]
    return [found for address in addresses for found in _in_address(store, address, idle_seconds)]


def _in_address(store: Store, address: str, idle_seconds: float) -> Iterator[Unneeded]:
    sizes = store.sizes(address)
    if not sizes or time.time() - _last_change(store, list(sizes)) < idle_seconds:
        return
    finished = store.manifest(address)
    if finished is None:
        yield Unneeded(address, sum(sizes.values()), "a build that was broken off; it would begin anew")
        return
    for path, size in _without(sizes, _named(finished, list(sizes))).items():
        yield Unneeded(path, size, "nothing of the finished result")


def _last_change(store: Store, files: Sequence[str]) -> float:
    """When one of the files was last written, in seconds since 1970."""
    return max(float(store.filesystem.modified(store.path(file)).timestamp()) for file in files)


def _named(finished: Manifest, files: Sequence[str]) -> set[str]:
    """Those of the files that the manifest names, itself or by a folder that they lie in."""
    names = {f"{finished.address}/manifest.json", *(shard.file for shard in finished.shards)}
    folders = [f"{path}/" for path in (f"{finished.address}/{KEPT_FOLDER}", *finished.files.values())]
    names.update(finished.files.values())
    return {file for file in files if file in names or file.startswith(tuple(folders))}


def _without(sizes: Mapping[str, int], named: set[str]) -> dict[str, int]:
    """The bytes of the rest, by the topmost folder that holds nothing of what is named, or by file."""
    held = {above for file in named for above in _folders(file)}
    rest: dict[str, int] = {}
    for file in sizes.keys() - named:
        place = next((above for above in _folders(file) if above not in held), file)
        rest[place] = rest.get(place, 0) + sizes[file]
    return dict(sorted(rest.items()))


def _folders(file: str) -> list[str]:
    """The folders above a file, from the address down."""
    parts = file.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
