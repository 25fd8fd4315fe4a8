"""Documents from plain text files."""

import codecs
import functools
from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa

from pipelines.contracts.rows import TEXT, Read
from pipelines.contracts.source import Source
from pipelines.sources.reading import files
from pipelines.sources.reading.documents import Bad, further_down, only_bad, with_text
from pipelines.sources.reading.listing import Paths, described, listed, warn_of_others

SUFFIXES = (".txt", ".text", ".md", ".rst")
FILE_LIMIT_BYTES = 1 << 30


class _Piece(NamedTuple):
    """A document's bytes and where they start in the file: 1-based line, byte offset."""

    line: int
    offset: int
    content: bytes


class Text(Source):
    """Reads plain UTF-8 text, plain or compressed (`.gz`, `.zst`), from a file, a folder, a glob, or an fsspec URL.

    A document is a whole `file`, a `paragraph` (lines that hold something, between blank lines or the ends of the file)
    or a `line`. Line ends are kept inside a document, not after it, except where the document is the file.
    """

    path: Paths
    split: Literal["file", "paragraph", "line"] = "file"

    def files(self) -> list[str]:
        """Every file, sorted; Mistake where a path names none."""
        return listed(self.path, SUFFIXES)

    def fingerprint(self) -> dict[str, str]:
        """One digest over the names and contents of the files."""
        return {"files": files.fingerprint(described(self.path, SUFFIXES))}

    def check(self) -> None:
        """Mistake where there is no file."""
        super().check()
        warn_of_others(self.path, SUFFIXES, self.kind)

    def read(self, file: str) -> Iterator[Read]:
        """The documents of a file in order; one that is not UTF-8 is a bad row not_utf8 that tells the byte.

        A compressed file that ends early gives what came whole before, then one bad row truncated_file.
        """
        batches = _whole_file(file) if self.split == "file" else _pieces(files.line_batches(file), self.split)
        return _documents(file, batches)

    def splits(self, file: str) -> bool:
        """True where a line is a document and the file is not compressed."""
        return self.split == "line" and not files.is_packed(file)

    def read_stretch(self, file: str, number: int, count: int) -> Iterator[Read]:
        """The lines that begin in the stretch."""
        reads = _documents(file, _pieces(files.lines_of_stretch(file, number, count), "line"))
        return further_down(reads, functools.partial(files.lines_before, file, number, count))


def _documents(file: str, batches: Iterator[list[_Piece]]) -> Iterator[Read]:
    try:
        for pieces in batches:
            yield _decoded(file, pieces)
    except files.DamagedError as damage:
        yield only_bad(file, Bad(damage.line, damage.reason, damage.detail, None))


def _whole_file(file: str) -> Iterator[list[_Piece]]:
    held, bytes_held = [], 0
    for chunk in files.chunks(file):
        held.append(chunk)
        bytes_held += len(chunk)
        if bytes_held > FILE_LIMIT_BYTES:
            raise files.DamagedError(
                "file_too_long", f"more than {FILE_LIMIT_BYTES >> 20} MiB; use `split: paragraph`", 1
            )
    yield [_Piece(1, 0, b"".join(held).removeprefix(codecs.BOM_UTF8))]


def _pieces(batches: Iterator[files.Lines], split: Literal["paragraph", "line"]) -> Iterator[list[_Piece]]:
    """The lines or paragraphs; a paragraph that a batch of lines cuts is put together again."""
    open_lines: list[_Piece] = []
    for batch in batches:
        pieces: list[_Piece] = []
        offset = batch.offset
        for number, line in enumerate(batch.lines, batch.first):
            if line.strip():
                open_lines.append(_Piece(number, offset, line))
            if open_lines and (split == "line" or not line.strip()):
                pieces.append(_joined(open_lines))
                open_lines = []
            offset += len(line) + 1
        yield pieces
    if open_lines:
        yield [_joined(open_lines)]


def _joined(lines: list[_Piece]) -> _Piece:
    content = b"\n".join(line.content for line in lines)
    return _Piece(lines[0].line, lines[0].offset, content.removesuffix(b"\r"))


def _decoded(file: str, pieces: list[_Piece]) -> Read:
    texts: list[str] = []
    lines: list[int] = []
    bad: list[Bad] = []
    for piece in pieces:
        try:
            texts.append(piece.content.decode("utf-8"))
            lines.append(piece.line)
        except UnicodeDecodeError as error:
            around = piece.content[error.start : error.start + 100]
            bad.append(Bad(piece.line, "not_utf8", f"byte {piece.offset + error.start}: {around!r}"))
    return with_text(pa.table({TEXT: pa.array(texts, pa.string())}), np.array(lines, np.int64), file, bad)
