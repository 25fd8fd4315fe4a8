"""What holds for every kind of every family: its file stands alone, and what it opens is loaded when it is opened."""

import ast
import importlib.util
import subprocess
import sys

import pytest

from cluster.kinds import FAMILIES
from pipelines.contracts.component import kinds

HEAVY = (
    *("torch", "vllm", "deepspeed", "transformers", "tokenizers", "ray", "numba", "pandas", "wordfreq", "py3langid"),
    *("scipy", "sklearn"),
)
KINDS = sorted(f"{root.family}.{kind}" for root in FAMILIES.values() for kind in kinds(root.family))


@pytest.mark.parametrize("module", KINDS)
def test_a_kind_imports_no_other_kind(module: str) -> None:
    assert not _imported(module) & set(KINDS)


def test_what_is_described_loads_nothing_heavy() -> None:
    code = f"import sys, {', '.join(KINDS)}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _imported(module: str) -> set[str]:
    """The modules that this one imports, at its top or inside a function."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    with open(spec.origin, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {str(node.module) for node in found} | {
        f"{node.module}.{name.name}" for node in found for name in node.names
    }
