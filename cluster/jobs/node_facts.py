"""Node facts: what one machine of the cluster sees, found with the standard library alone.

This module travels to the nodes by value: a node may hold other code under the names of the four packages, or none.
"""

import hashlib
import shutil
from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGES = ("pipelines", "training", "tuning", "cluster")
DISTRIBUTIONS = ("ray", "torch", "transformers", "pyarrow", "deepspeed")
NO_CODE = (".yaml", ".yml", ".pyc")  # a run's config is read by the driver alone


def look(paths: Sequence[str], disk: str) -> dict[str, Any]:
    """What this machine has: the packages, the versions, what lies at `paths`, and the space around folder `disk`.

    Packages and paths that are not there, and distributions that are not installed, are None.
    """
    folders = {name: package_folder(name) for name in PACKAGES}
    space = shutil.disk_usage(disk if Path(disk).exists() else "/")
    return {
        "folders": folders,
        "digests": {name: folder and digest(Path(folder)) for name, folder in folders.items()},
        "versions": {name: version(name) for name in DISTRIBUTIONS},
        "contents": {path: contents(Path(path).expanduser()) for path in paths},
        "disk": disk,
        "free_bytes": space.free,
        "total_bytes": space.total,
    }


def package_folder(name: str) -> str | None:
    """The folder that `import name` takes its code from."""
    spec = find_spec(name)
    if spec is None:
        return None
    locations = list(spec.submodule_search_locations or [])
    return locations[0] if locations else spec.origin


def digest(folder: Path) -> str:
    """sha256 over the names and contents of a package's files, without caches, hidden files and configs."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in name.parts)
        if file.is_file() and not hidden and file.suffix not in NO_CODE:
            total.update(f"{name.as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def version(distribution: str) -> str | None:
    """The installed version."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def contents(path: Path) -> str | None:
    """How much a file or folder holds, in words: enough to tell a copy from something else without reading it."""
    if path.is_file():
        return f"{path.stat().st_size:,} bytes"
    if not path.is_dir():
        return None
    files = [file for file in path.rglob("*") if file.is_file()]
    return f"{len(files)} files of {sum(file.stat().st_size for file in files):,} bytes"
