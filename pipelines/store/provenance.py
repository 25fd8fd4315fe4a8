"""Where and with what a result was made: recorded in manifests, never part of an address."""

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

COMMIT = "GLEANER_COMMIT"  # in the environment of a job, whose files travelled without their repository
DISTRIBUTIONS = ("gleaner-lm", "ray", "torch", "transformers", "deepspeed", "pyarrow", "tokenizers", "numpy")


def provenance() -> dict[str, str]:
    """Time, machine, commit and versions of packages, as text by name; the job's id in a Ray job."""
    return {"finished": datetime.now(UTC).isoformat(timespec="seconds"), **_fixed()}


@cache
def _fixed() -> dict[str, str]:
    facts = {"python": platform.python_version(), "platform": platform.platform(), "cores": str(os.cpu_count())}
    for name in DISTRIBUTIONS:
        try:
            facts[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    if found := os.environ.get(COMMIT) or commit(Path(__file__).resolve().parents[2]):
        facts["commit"] = found
    if job := os.environ.get("RAY_JOB_SUBMISSION_ID") or os.environ.get("RAY_JOB_ID"):
        facts["job"] = job
    return facts


def commit(folder: Path) -> str:
    """The commit of the repository at a folder, with "-dirty" where files differ from it; "" where there is none."""
    try:
        result = subprocess.run(
            ["git", "-C", str(folder), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return result.stdout.strip()
