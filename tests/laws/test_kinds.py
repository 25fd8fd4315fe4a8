"""What holds for every kind of every family: its file stands alone."""

import ast
import importlib.util

import pytest

from cluster.kinds import FAMILIES
from pipelines.contracts.component import kinds

KINDS = sorted(f"{root.family}.{kind}" for root in FAMILIES.values() for kind in kinds(root.family))


@pytest.mark.parametrize("module", KINDS)
def test_a_kind_imports_no_other_kind(module: str) -> None:
    assert not _imported(module) & set(KINDS)


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
