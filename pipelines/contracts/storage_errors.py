"""Storage errors: what a disk or a network refused, told as a mistake that can be mended there."""

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Iterator

from pipelines.contracts.location import public
from pipelines.contracts.mistakes import Mistake

FULL = (errno.ENOSPC, errno.EDQUOT)
# What the libraries of buckets raise beside OSError; the module is there once its library is used.
LIBRARY_ERRORS = {
    "botocore.exceptions": "BotoCoreError",
    "google.auth.exceptions": "GoogleAuthError",
    "aiohttp.client_exceptions": "ClientError",
}
CREDENTIALS = (
    "give this machine a network and credentials for it (s3://: AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY; gs://: GOOGLE_APPLICATION_CREDENTIALS; a public bucket: FSSPEC_S3='{\"anon\": true}'), or "
    "name another place"
)
SIGNATURE = "see whether the address is right, and whether its signature or password still holds"
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


@contextlib.contextmanager
def reached(key: str, url: str) -> Iterator[None]:
    """The place behind the URL that `key` names is asked inside; Mistake with the cure where it lets nobody in."""
    try:
        yield
    except _shut_out() as error:
        if "://" not in url:
            raise
        cure = SIGNATURE if url.startswith("http") else CREDENTIALS
        raise Mistake(f"{key} '{public(url)}' cannot be reached ({public(str(error))}); {cure}") from None


def storage_mistake(error: OSError) -> Mistake:
    """The sentence for an OSError, with the bytes that are free where a disk is full."""
    if error.errno in FULL and error.filename:
        free = shutil.disk_usage(_existing(str(error.filename))).free
        return Mistake(f"no space is left for '{error.filename}', {free:,} bytes are free there; {GOES_ON}")
    return Mistake(f"could not read or write: {error}; {GOES_ON}")


def _shut_out() -> tuple[type[Exception], ...]:
    loaded = [(sys.modules[module], name) for module, name in LIBRARY_ERRORS.items() if module in sys.modules]
    return (PermissionError, *(getattr(module, name) for module, name in loaded))


def _existing(path: str) -> str:
    """The path, or the nearest folder above it that exists."""
    while not os.path.exists(path):
        path = os.path.dirname(os.path.abspath(path))
    return path
