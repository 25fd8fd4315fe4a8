"""Private place: the folder of this machine in which a user's temporary files are safe from all other users."""

import os
import tempfile
from pathlib import Path


def private_place(name: str) -> Path:
    """`<temporary folder>/gleaner-<user number>/<name>`, which nobody else can reach into.

    PermissionError where another user can, or made it first.
    """
    place = Path(tempfile.gettempdir(), f"gleaner-{os.getuid()}")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = place.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(
            f"'{place}' is not a folder that is yours alone (mode 700); remove it, or set TMPDIR to a folder of yours"
        )
    (place / name).mkdir(exist_ok=True)
    return place / name
