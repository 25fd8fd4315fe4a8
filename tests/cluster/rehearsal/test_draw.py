"""A sample of a source: of each length as many, equal documents together, and known to be so much of it."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cluster.rehearsal.draw import draw, put
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.source import Source
from pipelines.store.store import Store


def lines(path: Path, texts: list[str], **columns: object) -> None:
    path.write_text("".join(json.dumps({"text": text, **columns}) + "\n" for text in texts), encoding="utf-8")


def source(path: Path) -> Source:
    return Source.model_validate({"kind": "jsonl", "path": str(path)})


def texts_of(tables: list[pa.Table]) -> list[str]:
    return [text for table in tables for text in table["text"].to_pylist()]


@pytest.fixture
def unlike(tmp_path: Path) -> Path:
    """1,000 documents of very different lengths, in ten files."""
    lengths = np.exp(np.random.default_rng(0).normal(5, 1.5, 1_000)).astype(int) + 20
    for number, part in enumerate(np.array_split(lengths, 10)):
        lines(
            tmp_path / f"{number}.jsonl", [f"{number} {place} ".ljust(length, "x") for place, length in enumerate(part)]
        )
    return tmp_path


def test_rows_and_text_of_the_whole_follow_from_the_sample(unlike: Path) -> None:
    texts = [json.loads(line)["text"] for file in unlike.glob("*.jsonl") for line in file.read_text().splitlines()]
    drawn = draw(source(unlike), 40_000)
    assert drawn.text_bytes == pytest.approx(40_000, rel=0.3)
    assert drawn.text_bytes / drawn.share == pytest.approx(sum(map(len, texts)))
    assert len(texts_of(drawn.tables)) / drawn.share == pytest.approx(len(texts), rel=0.15)
    less = drawn.thinned(0.25)
    assert less.text_bytes / less.share == pytest.approx(sum(map(len, texts)))
    assert set(texts_of(less.tables)) < set(texts_of(drawn.tables))


def test_a_source_smaller_than_the_sample_is_all_drawn(unlike: Path) -> None:
    assert draw(source(unlike), 1e9).share == 1.0


def test_equal_documents_are_drawn_together(tmp_path: Path) -> None:
    lines(tmp_path / "twice.jsonl", [f"document {number // 2:04d}" for number in range(2_000)])
    found = texts_of(draw(source(tmp_path), 6_000).tables)
    assert len(set(found)) / len(found) == pytest.approx(0.5, abs=0.1)


def test_a_large_file_is_read_in_part_and_stands_for_all(tmp_path: Path) -> None:
    lines(tmp_path / "large.jsonl", [f"document {number:06d}" for number in range(50_000)])
    drawn = draw(source(tmp_path), 10_000)
    assert len(texts_of(drawn.tables)) / drawn.share == pytest.approx(50_000, rel=0.05)


def test_what_is_put_reads_as_it_was_and_has_quotas_in_proportion(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [f"a {number:04d}" for number in range(400)], level=3)
    lines(tmp_path / "b.jsonl", [f"b {number:04d}" for number in range(400)])
    parts = {name: {"source": {"kind": "jsonl", "path": str(tmp_path / f"{name}.jsonl")}} for name in "ab"}
    mixture = Source.model_validate({"kind": "mixture", "parts": parts, "budget": 100})
    drawn = draw(mixture, 1_000)
    sampled = put(drawn, mixture, Store(str(tmp_path / "store")), "sample")
    assert sampled.quotas().shares == pytest.approx({"a": 50 * drawn.share, "b": 50 * drawn.share})
    rows = [read.rows for file in sampled.files() for read in sampled.read(file)]
    assert sorted(texts_of(rows)) == sorted(texts_of(drawn.tables))
    assert {name for table in rows for name in table.column_names} == {"text", "source", "level"}


def test_a_source_without_a_document_is_told(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("broken\n", encoding="utf-8")
    with pytest.raises(Mistake, match="no readable document"):
        draw(source(tmp_path), 1_000)
