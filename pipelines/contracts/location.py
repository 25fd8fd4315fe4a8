"""Location: the filesystem and the path behind a local path or a URL."""

import os

import fsspec
import fsspec.core


def located(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """The fsspec filesystem of a path or URL, and the path on it; a local one is absolute.

    A path without `://` is local whatever its name holds, also the `::` by which fsspec chains URLs. ImportError where
    a filesystem's package is missing, ValueError where there is no such filesystem.
    """
    if "://" not in url:
        return fsspec.filesystem("file"), os.path.abspath(os.path.expanduser(url))
    filesystem, path = fsspec.core.url_to_fs(url)
    return filesystem, str(path)
