"""Plain text: documents by file, paragraph and line."""

import gzip
from pathlib import Path

import pytest

from pipelines.contracts.rows import Read
from pipelines.sources.reading import files
from pipelines.sources.text import Text

CONTENT = b"First line.\nSecond line.\n\n \t\nNext paragraph.\r\n\r\nLast one,\nof two lines."


def read(folder: Path, content: bytes, split: str, suffix: str = "") -> list[Read]:
    file = folder / f"a.txt{suffix}"
    file.write_bytes(content)
    return list(Text.model_validate({"path": str(file), "split": split}).read(str(file)))


def texts_of(reads: list[Read]) -> list[str]:
    return [text for one in reads for text in one.rows["text"].to_pylist()]


def bad_of(reads: list[Read]) -> list[tuple[int, str]]:
    return [(row["line"], row["reason"]) for one in reads for row in one.bad.to_pylist()]


def test_a_file_is_one_document_byte_for_byte(tmp_path: Path) -> None:
    assert texts_of(read(tmp_path, CONTENT, "file")) == [CONTENT.decode()]
    assert texts_of(read(tmp_path, b"\xef\xbb\xbf" + CONTENT, "file")) == [CONTENT.decode()]


def test_paragraphs_lie_between_blank_lines(tmp_path: Path) -> None:
    expected = ["First line.\nSecond line.", "Next paragraph.", "Last one,\nof two lines."]
    assert texts_of(read(tmp_path, CONTENT, "paragraph")) == expected
    assert texts_of(read(tmp_path, gzip.compress(CONTENT), "paragraph", ".gz")) == expected


def test_lines_are_documents_and_blank_ones_are_none(tmp_path: Path) -> None:
    reads = read(tmp_path, CONTENT, "line")
    assert texts_of(reads) == ["First line.", "Second line.", "Next paragraph.", "Last one,", "of two lines."]
    assert bad_of(reads) == []


def test_a_paragraph_survives_the_end_of_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH_LINES", 3)
    paragraphs = [f"{number}\n" * (number % 5 + 1) for number in range(50)]
    reads = read(tmp_path, "\n".join(paragraphs).encode(), "paragraph")
    assert texts_of(reads) == [paragraph.removesuffix("\n") for paragraph in paragraphs]


@pytest.mark.parametrize(
    ("split", "line", "kept"), [("file", 1, []), ("paragraph", 1, ["good"]), ("line", 2, ["one", "good"])]
)
def test_what_is_not_utf8_is_bad_and_tells_the_byte(tmp_path: Path, split: str, line: int, kept: list[str]) -> None:
    reads = read(tmp_path, b"one\ntwo \xff\n\ngood\n", split)
    assert texts_of(reads) == kept
    assert bad_of(reads) == [(line, "not_utf8")]
    assert "byte 8" in reads[0].bad["excerpt"].to_pylist()[0]


def test_an_empty_file_is_an_empty_document(tmp_path: Path) -> None:
    assert bad_of(read(tmp_path, b" \n", "file")) == [(1, "empty")]
    assert read(tmp_path, b"", "line") == []


@pytest.mark.parametrize("split", ["file", "paragraph", "line"])
def test_a_truncated_file_gives_what_came_whole(tmp_path: Path, split: str) -> None:
    content = "".join(f"line {number}\n\n" for number in range(50_000)).encode()
    packed = gzip.compress(content)
    reads = read(tmp_path, packed[: len(packed) // 2], split, ".gz")
    texts = texts_of(reads)
    assert [reason for _, reason in bad_of(reads)] == ["truncated_file"]
    assert texts == ([] if split == "file" else [f"line {number}" for number in range(len(texts))])
    assert len(texts) > 1000 or split == "file"
