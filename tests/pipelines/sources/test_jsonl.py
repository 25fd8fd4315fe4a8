"""JSON lines: what is read, what is bad, and what fails before any work."""

import gzip
import json
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
import zstandard

from pipelines.contracts.rows import Read
from pipelines.sources.jsonl import MOST_COLUMNS, Jsonl
from pipelines.sources.reading import files

PACK = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}


def read(folder: Path, content: bytes, suffix: str = "", **parameters: Any) -> list[Read]:
    file = folder / f"rows.jsonl{suffix}"
    file.write_bytes(content)
    source = Jsonl(path=str(file), **parameters)
    return list(source.read(source.files()[0]))


def bad_of(reads: list[Read]) -> list[tuple[int, str]]:
    return [(row["line"], row["reason"]) for one in reads for row in one.bad.to_pylist()]


def texts_of(reads: list[Read]) -> list[str]:
    return [text for one in reads for text in one.rows["text"].to_pylist()]


@pytest.mark.parametrize("suffix", PACK)
def test_rows_come_in_order_with_their_columns(tmp_path: Path, suffix: str) -> None:
    rows = [{"text": f"row {number}", "genre": "web", "size": number} for number in range(500)]
    reads = read(tmp_path, PACK[suffix](b"\n".join(map(orjson.dumps, rows))), suffix)
    assert pa.concat_tables([one.rows for one in reads]).to_pylist() == rows
    assert bad_of(reads) == []


def test_every_bad_line_is_named_and_the_good_ones_are_kept(tmp_path: Path) -> None:
    lines = [
        b'{"text": "good one"}',
        b'{"text": "cut off',
        b'["no", "object"]',
        b'{"text": "bad \xff byte"}',
        b'{"body": "nothing here"}',
        b'{"text": 7}',
        b'{"text": " \\n\\t\\u00a0"}',
        b"",
        b"   ",
        b'{"text": "good two"}\r',
        b"null",
        b'{"text": "half a pair \\ud800"}',
    ]
    reads = read(tmp_path, b"\n".join(lines))
    assert texts_of(reads) == ["good one", "good two"]
    assert bad_of(reads) == [
        (2, "broken_json"),
        (3, "not_an_object"),
        (4, "not_utf8"),
        (5, "no_text"),
        (6, "no_text"),
        (7, "empty"),
        (11, "not_an_object"),
        (12, "broken_json"),
    ]


def test_line_numbers_go_on_over_batches(tmp_path: Path) -> None:
    reads = read(tmp_path, b'{"text": "good"}\n' * 50_000 + b"broken\n" + b'{"text": "good"}\n')
    assert len(reads) > 1
    assert bad_of(reads) == [(50_001, "broken_json")]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_truncated_file_gives_its_rows_and_one_bad_row(tmp_path: Path, suffix: str) -> None:
    content = b"".join(b'{"text": "row %d"}\n' % number for number in range(50_000))
    packed = PACK[suffix](content)
    reads = read(tmp_path, packed[: len(packed) * 9 // 10], suffix)
    texts = texts_of(reads)
    assert texts == [f"row {number}" for number in range(len(texts))]
    assert len(texts) > 10_000
    assert bad_of(reads) == [(len(texts) + 1, "truncated_file")]


def test_a_file_that_is_gone_is_a_bad_row(tmp_path: Path) -> None:
    (only,) = Jsonl(path="x").read(str(tmp_path / "gone.jsonl"))
    assert only.rows.num_rows == 0
    assert only.bad["reason"].to_pylist() == ["unreadable_file"]


def test_another_key_becomes_the_text_and_a_raw_text_makes_room(tmp_path: Path) -> None:
    reads = read(tmp_path, b'{"content": "body", "text": "title"}', text="content")
    assert reads[0].rows.to_pylist() == [{"text": "body", "source_text": "title"}]


def test_nested_and_mixed_values_become_json(tmp_path: Path) -> None:
    rows = [
        {"text": "a", "meta": {"x": [1]}, "mixed": 1, "number": 1, "flag": True},
        {"text": "b", "meta": "plain", "mixed": "one", "number": 2.5, "flag": None},
        {"text": "c", "big": 2**64 - 1},
    ]
    table = read(tmp_path, "\n".join(map(json.dumps, rows)).encode())[0].rows
    assert table["meta"].to_pylist() == ['{"x":[1]}', "plain", None]
    assert table["mixed"].to_pylist() == ["1", "one", None]
    assert table["number"].to_pylist() == [1.0, 2.5, None]
    assert table["flag"].to_pylist() == [True, None, None]
    assert table["big"].to_pylist() == [None, None, str(2**64 - 1)]


def test_a_wrong_key_fails_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"content": "x", "url": "y"}\n')
    with pytest.raises(ValueError, match=r"no key 'text'.*\['content', 'url'\].*`text`"):
        Jsonl(path=str(tmp_path)).check()
    Jsonl(path=str(tmp_path), text="content").check()


@pytest.mark.parametrize("content", [b"", b"broken\n", b"\x28\xb5\x2f\xfd"])
def test_check_leaves_bad_content_to_the_reading(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jsonl.zst").write_bytes(content)
    Jsonl(path=str(tmp_path)).check()


def test_reads_a_real_corpus_whole(real_data: Path) -> None:
    source = Jsonl(path=str(real_data / "mixture" / "*.jsonl.zst"))
    source.check()
    reads = [one for file in source.files() for one in source.read(file)]
    assert sum(one.rows.num_rows for one in reads) + sum(one.bad.num_rows for one in reads) == 4990


def test_rows_with_keys_of_their_own_make_no_more_columns_than_a_table_can_have(tmp_path: Path) -> None:
    rows = [{"text": f"row {number}", "size": number, f"key {number}": {"of": number}} for number in range(3000)]
    (one,) = read(tmp_path, b"\n".join(map(orjson.dumps, rows)))
    assert one.rows.num_columns == MOST_COLUMNS + 2
    for row, given in zip(one.rows.to_pylist(), rows, strict=True):
        others = json.loads(row.pop("other_keys") or "{}")
        columns = {
            key: json.loads(value) if key[:4] == "key " else value for key, value in row.items() if value is not None
        }
        assert columns | others == given


def test_which_keys_are_columns_is_settled_once_for_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH_LINES", 700)
    rows = [{"text": f"row {number}", "other_keys": "own", f"key {number}": number} for number in range(2100)]
    reads = read(tmp_path, b"\n".join(map(orjson.dumps, rows)))
    names = {name for one in reads for name in one.rows.column_names}
    assert len(names) == MOST_COLUMNS + 2
    assert reads[-1].rows.slice(699).to_pylist() == [
        {"text": "row 2099", "other_keys": "own", "source_other_keys": '{"key 2099":2099}'}
    ]
