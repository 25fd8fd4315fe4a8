import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.task import Item, Task


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Item]]:
    """The items of both halves of a task whose rows are these."""

    def items(task: dict[str, Any], *rows: dict[str, Any]) -> list[Item]:
        file = tmp_path / "rows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        found = Task.model_validate({"name": "mine", "path": str(file), **task})
        return [*found.items("target"), *found.items("held_out")]

    return items
