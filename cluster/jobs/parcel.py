"""Parcel: the files of the repository that travel with a job, and nothing else.

What git ignores stays behind, and so do hidden files, keys, credentials, environments and what no job needs. The files
are copied to a folder of their own, so that exactly those are sent which are told.
"""

import fnmatch
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

from pipelines.contracts.mistakes import Mistake

NOT_NEEDED = ("/runs", "/docs", "/tests", "/build", "/dist", "__pycache__", "*.egg-info")
SECRETS = (
    ".?*",  # hidden files may hold some
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "id_rsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "*credentials*.json",
    "*.kubeconfig",
)
STAYS_BEHIND = (*NOT_NEEDED, *SECRETS)  # beside what git ignores, and as in a .gitignore: `/` is the top
ENVIRONMENT = "pyvenv.cfg"  # the file that every virtual environment has
MOST_BYTES = 500 << 20  # Ray takes less than 512 MiB, packed


@dataclass(frozen=True)
class Parcel:
    """The files below `root` that travel, as paths relative to it, sorted."""

    root: Path
    files: tuple[PurePath, ...]

    @classmethod
    def of(cls, working_dir: str) -> "Parcel":
        """The parcel of a repository; Mistake where the program is not in it, or where it is too large to be sent."""
        root = Path(os.path.abspath(Path(working_dir).expanduser()))
        if not (root / "cluster" / "run.py").is_file():
            raise Mistake(
                f"working dir '{root}' does not hold the program (no cluster/run.py); give --working-dir the folder "
                "of the repository"
            )
        found = [name for name in _unignored(root) if not _stays_behind(name)]
        environments = {name.parent for name in found if name.name == ENVIRONMENT}
        parcel = cls(root, tuple(sorted(name for name in found if not environments & {*name.parents})))
        parcel._check_size()
        return parcel

    @property
    def bytes(self) -> int:
        """The size of all files together."""
        return sum((self.root / name).stat().st_size for name in self.files)

    def told(self) -> str:
        """How many files travel, how many bytes they have, and what lies at the top."""
        top = sorted({name.parts[0] + ("/" if len(name.parts) > 1 else "") for name in self.files})
        return f"{len(self.files):,} files, {self.bytes / 1e6:.1f} MB: {', '.join(top)}"

    def holds(self, pattern: str) -> bool:
        """Whether a file, folder or glob names something that travels."""
        wanted = os.path.normpath(pattern)
        return any(fnmatch.fnmatchcase(str(name), wanted) or PurePath(wanted) in name.parents for name in self.files)

    @contextmanager
    def packed(self) -> Iterator[str]:
        """A temporary folder that holds copies of the files and nothing else."""
        with tempfile.TemporaryDirectory(prefix="gleaner-job-") as folder:
            for name in self.files:
                target = Path(folder) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self.root / name, target)
            yield folder

    def _check_size(self) -> None:
        if self.bytes > MOST_BYTES:
            largest = max(self.files, key=lambda name: (self.root / name).stat().st_size)
            raise Mistake(
                f"{self.told()} would travel with the job, more than the {MOST_BYTES / 1e6:.0f} MB that Ray takes; the "
                f"largest is '{largest}': move data out of the working dir, or name it in .gitignore"
            )


def _stays_behind(name: PurePath) -> bool:
    parts = (f"/{name.parts[0]}", *name.parts)
    return any(fnmatch.fnmatchcase(part, pattern) for part in parts for pattern in STAYS_BEHIND)


def _unignored(root: Path) -> list[PurePath]:
    """The files below the folder; of a git repository without those that it ignores."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    except (FileNotFoundError, subprocess.CalledProcessError):  # no git here, or no repository
        listed = [str(file.relative_to(root)) for file in root.rglob("*")]
    return [PurePath(name) for name in listed if name and (root / name).is_file()]
