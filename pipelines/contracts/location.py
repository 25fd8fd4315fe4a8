"""Location: the filesystem and the path behind a local path or a URL, and how it is told."""

import os
import re

import fsspec
import fsspec.core

from pipelines.contracts.mistakes import Mistake

URL = re.compile(r"([a-z][a-z0-9+.-]*://)([^\s/?#'\"]*@)?([^\s?#'\"]*)([?#][^\s'\"]*)?", re.IGNORECASE)


def located(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """The fsspec filesystem of a path or URL, and the path on it; a local one is absolute.

    A path without `://` is local whatever its name holds, also the `::` by which fsspec chains URLs. Mistake with
    the cure where the filesystem, or a package that it needs, is not there.
    """
    if "://" not in url:
        return fsspec.filesystem("file"), from_root(url)
    try:
        filesystem, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise Mistake(
            f"'{public(url)}' needs a package that is not installed ({error}); for s3:// and gs:// install "
            "gleaner-lm[s3] or gleaner-lm[gcs]"
        ) from error
    except ValueError as error:
        raise Mistake(
            f"'{public(url)}': {error}; give a local path or a URL such as s3://, gs://, hf:// or https://"
        ) from error
    return filesystem, str(path)


def from_root(place: str) -> str:
    """A local path from the root on, which names one place in all processes of a machine; a URL as it is."""
    return place if "://" in place else os.path.abspath(os.path.expanduser(place))


def public(text: str) -> str:
    """A location, or a sentence that holds some, without what may be secret in its URLs.

    That is `user:password@` and, over http, where a query can be a signature, everything behind the path.
    """
    return URL.sub(_told, text) if "://" in text else text


def base_name(file: str) -> str:
    """The last part of the path of a file or URL, which says what the file is called and by its suffix what it is."""
    return public(file).rpartition("/")[2]


def _told(url: re.Match[str]) -> str:
    scheme, user, place, query = (part or "" for part in url.groups())
    is_http = scheme.lower() in ("http://", "https://")
    return f"{scheme}{'' if is_http or ':' in user else user}{place}{'' if is_http else query}"
