"""Local copies: files and folders of a remote place as plain files on this machine, under their own names.

    <private place>/copies/<16 digits>/<name>    a copy: whole, or not there
    <private place>/copies/<16 digits>.lock      held by the one process that makes it

The digits stand for the address and for the content as the remote place describes it (size, time, checksum), so what
changed there is copied anew beside the old copy, and what has one name in two stores has two copies here. The place is
closed to other users. When a copy is made, those that nobody asked for during UNUSED_DAYS are removed, and more of them
where all would take more than DISK_SHARE; a process that has mapped one of their files keeps it until it closes it.
"""

import hashlib
import os
import shutil
import time
import uuid
from pathlib import Path

from filelock import FileLock
from fsspec import AbstractFileSystem

from pipelines.store.private_place import private_place

UNUSED_DAYS = 7
DISK_SHARE = 0.5
FRESH_SECONDS = 3600.0  # who asked for a copy may be about to open it


def local_copy(filesystem: AbstractFileSystem, path: str) -> Path:
    """A file, or a folder with all that lies in it, on this machine; FileNotFoundError where there is neither.

    Of the processes that ask at once, one copies and the others wait for it. PermissionError where another user can
    reach into the place of the copies.
    """
    source = path.rstrip("/")
    filesystem.invalidate_cache()  # a listing from before the last change would name the old content
    files = sorted(file for file in filesystem.find(source) if not file.endswith("/"))
    if not files:
        raise FileNotFoundError(f"there is no file or folder '{filesystem.unstrip_protocol(source)}'")
    home = private_place("copies") / _digest(filesystem, files)
    with FileLock(f"{home}.lock"):
        if not home.exists():
            with FileLock(home.parent / "room.lock"):
                _make_room(home.parent, sum(filesystem.size(file) for file in files))
            _copy(filesystem, source, files, home)
        os.utime(home)
    return home / source.rpartition("/")[2]


def _digest(filesystem: AbstractFileSystem, files: list[str]) -> str:
    stamps = [f"{filesystem.unstrip_protocol(file)}\0{filesystem.ukey(file)}\n" for file in files]
    return hashlib.sha256("".join(stamps).encode()).hexdigest()[:16]


def _copy(filesystem: AbstractFileSystem, source: str, files: list[str], home: Path) -> None:
    partial = Path(f"{home}.{uuid.uuid4().hex[:8]}.partial")
    above = source.rpartition("/")[0]
    targets = [partial / file.removeprefix(above).lstrip("/") for file in files]
    try:
        for folder in {target.parent for target in targets}:
            folder.mkdir(parents=True, exist_ok=True)
        filesystem.get(files, [str(target) for target in targets])
        partial.replace(home)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _make_room(place: Path, needed: int) -> None:
    """Removes what was last touched UNUSED_DAYS ago, and of the copies the longest unasked for beyond DISK_SHARE."""
    now, room = time.time(), DISK_SHARE * shutil.disk_usage(place).total - needed
    for entry in sorted(place.iterdir(), key=_touched, reverse=True):
        age, is_copy = now - _touched(entry), not entry.suffix
        if is_copy:
            room -= sum(file.stat().st_size for file in entry.rglob("*"))
        if age > UNUSED_DAYS * 86400 or (is_copy and room < 0 and age > FRESH_SECONDS):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _touched(entry: Path) -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # a partial copy that is whole by now
        return time.time()
