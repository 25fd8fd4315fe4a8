"""The floors: four names that are ours, imports that go down only, and a command that answers at once."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("pipelines", "training", "tuning", "cluster")
HEAVY = ("torch", "ray", "transformers", "deepspeed", "vllm", "pyarrow", "numba", "pandas", "datasets", "wordfreq")
HELP_SECONDS = 1.5


def _python(code: str, folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return result.stdout


def test_the_packages_resolve_inside_this_repository(tmp_path: Path) -> None:
    code = f"import importlib.util, json; print(json.dumps([importlib.util.find_spec(n).origin for n in {PACKAGES}]))"
    for name, origin in zip(PACKAGES, json.loads(_python(code, tmp_path)), strict=True):
        assert Path(origin).resolve() == REPOSITORY / name / "__init__.py"


def test_imports_go_down_only() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([program, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "imports go down only KEPT" in result.stdout


def test_the_command_line_imports_nothing_heavy(tmp_path: Path) -> None:
    loaded = _python(f"import cluster.run, sys; print(*[name for name in {HEAVY} if name in sys.modules])", tmp_path)
    assert loaded.split() == []


def test_help_answers_at_once(tmp_path: Path) -> None:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "cluster.run", "--help"], cwd=tmp_path, capture_output=True, check=True)
        seconds.append(time.perf_counter() - started)
        if seconds[-1] < HELP_SECONDS:
            return
    pytest.fail(f"`gleaner --help` took {min(seconds):.2f} s at best, the promise is {HELP_SECONDS} s")
