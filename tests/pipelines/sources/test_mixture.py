"""Mixture: names that make room, and shares that come out as they were written."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.source import Source

ROW = {"text": "one", "source": "cc", "part_source": "wiki", "source_part_source": "talk"}


def part(file: Path, weight: float = 1.0) -> dict[str, Any]:
    return {"source": {"kind": "jsonl", "path": str(file)}, "weight": weight}


def mixture(parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "mixture", "parts": parts, **more}


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_every_row_keeps_all_its_values_also_in_a_mixture_of_mixtures(tmp_path: Path, depth: int) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(ROW), encoding="utf-8")
    tree = mixture({"part0": part(file)})
    for level in range(1, depth):
        tree = mixture({f"part{level}": {"source": tree, "weight": 1.0}})
    source = Source.model_validate(tree)
    (name,) = source.files()
    (read,) = source.read(name)
    (row,) = read.rows.to_pylist()
    assert row["source"] == f"part{depth - 1}"
    assert sorted(row.values()) == sorted([*ROW.values(), *(f"part{level}" for level in range(depth))])
    assert source.size(name) == file.stat().st_size


@pytest.mark.parametrize("first", range(1, 100))
def test_shares_of_decimal_weights_are_whole(tmp_path: Path, first: int) -> None:
    weights = (float(f"{first / 100:.2f}"), float(f"{1 - first / 100:.2f}"))
    parts = {name: part(tmp_path / name, weight) for name, weight in zip("ab", weights, strict=True)}
    quotas = Source.model_validate(mixture(parts, budget=100)).quotas()
    assert quotas is not None
    assert quotas.shares == {"a": first, "b": 100 - first}


def test_weights_that_nothing_heeds_are_refused(tmp_path: Path) -> None:
    parts = {"a": part(tmp_path / "a", 0.9), "b": part(tmp_path / "b", 0.1)}
    with pytest.raises(ValueError, match="without a `budget` every document is taken; give a `budget`"):
        Source.model_validate(mixture(parts))
    unweighted = {name: {"source": each["source"]} for name, each in parts.items()}
    assert Source.model_validate(mixture(unweighted)).quotas() is None
