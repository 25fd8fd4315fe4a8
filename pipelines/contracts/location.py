"""Location: the filesystem and the path behind a local path or a URL, and what keeps a machine from reaching it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import fsspec
import fsspec.core

from pipelines.contracts.mistakes import Mistake

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


def located(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """The fsspec filesystem of a path or URL, and the path on it; a local one is absolute.

    A path without `://` is local whatever its name holds, also the `::` by which fsspec chains URLs. Mistake with
    the cure where the filesystem's package is missing, or there is no such filesystem.
    """
    if "://" not in url:
        return fsspec.filesystem("file"), os.path.abspath(os.path.expanduser(url))
    try:
        filesystem, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise Mistake(
            f"path '{url}' needs a package that is not installed ({error}); for s3:// and gs:// install "
            "gleaner-lm[s3] or gleaner-lm[gcs]"
        ) from error
    except ValueError as error:
        raise Mistake(
            f"path '{url}': {error}; give a local path or a URL such as s3://, gs://, hf:// or https://"
        ) from error
    return filesystem, str(path)


@contextmanager
def reached(key: str, url: str) -> Iterator[None]:
    """The place behind the URL that `key` names is asked inside; Mistake with the cure where it lets nobody in."""
    try:
        yield
    except _shut_out() as error:
        if "://" not in url:
            raise
        raise Mistake(f"{key} '{url}' cannot be reached ({error}); {CREDENTIALS}") from error


def _shut_out() -> tuple[type[Exception], ...]:
    loaded = [(sys.modules[module], name) for module, name in LIBRARY_ERRORS.items() if module in sys.modules]
    return (PermissionError, *(getattr(module, name) for module, name in loaded))
