"""Storage errors: what a disk or a network refused, told as a mistake that can be mended there."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator

from pipelines.contracts.mistakes import Mistake

FULL = (errno.ENOSPC, errno.EDQUOT)
GOES_ON = "what was finished is kept: mend that and run the same command again"


@contextlib.contextmanager
def storage_told() -> Iterator[None]:
    """An OSError of what is done inside is raised as a Mistake, by the machine whose disk it is."""
    try:
        yield
    except OSError as error:
        raise storage_mistake(error) from error


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """An OSError of what is done inside has the name `path`: a write to a full disk knows none."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, path) from error


def storage_mistake(error: OSError) -> Mistake:
    """The sentence for an OSError, with the bytes that are free where a disk is full."""
    if error.errno in FULL and error.filename:
        free = shutil.disk_usage(_existing(str(error.filename))).free
        return Mistake(f"no space is left for '{error.filename}', {free:,} bytes are free there; {GOES_ON}")
    return Mistake(f"could not read or write: {error}; {GOES_ON}")


def _existing(path: str) -> str:
    """The path, or the nearest folder above it that exists."""
    while not os.path.exists(path):
        path = os.path.dirname(os.path.abspath(path))
    return path
