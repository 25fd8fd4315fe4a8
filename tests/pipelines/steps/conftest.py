import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.contracts.source import Source
from pipelines.contracts.step import Step
from pipelines.stage import apply_step, ingest
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def alone(sizes: Sequence[int], most: int) -> list[range]:
    """Every file and every shard as a unit by itself, however small."""
    return [range(number, number + 1) for number in range(len(sizes))]


@pytest.fixture
def ingested(
    ray_session: None, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Manifest]:
    """Texts (and other columns) as a stored dataset, a shard a list."""
    for module in ("pipelines.sources.reading.ingest", "pipelines.passes.units"):
        monkeypatch.setattr(f"{module}.neighbours", alone)

    def make(*shards: Sequence[str | dict]) -> Manifest:
        folder = tmp_path / "input"
        folder.mkdir(exist_ok=True)
        for number, rows in enumerate(shards):
            lines = [json.dumps(row if isinstance(row, dict) else {"text": row}) for row in rows]
            (folder / f"{number}.jsonl").write_text("\n".join(lines) + "\n")
        source = Source.model_validate({"kind": "jsonl", "path": str(folder / "*.jsonl")})
        return ingest(source, store, 0.0)

    return make


@pytest.fixture
def applied(store: Store) -> Callable[..., tuple[Manifest, pa.Table]]:
    """A step over a stored dataset: its manifest and all rows in order."""

    def apply(before: Manifest, spec: dict, seed: int = 0) -> tuple[Manifest, pa.Table]:
        manifest = apply_step(spec["kind"], Step.model_validate(spec), before, store, seed)
        return manifest, pa.concat_tables([store.read_table(shard) for shard in manifest.shards])

    return apply
