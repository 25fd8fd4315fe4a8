"""Input files: how to read them as a stream, and what identifies their content.

A file is a local path or an fsspec URL (`s3://`, `gs://`, `hf://`, `https://`). Options of a filesystem (endpoint,
anonymous access) come from fsspec's own configuration. A name that ends in `.gz` or `.zst` is decompressed on the way;
what ends too early or does not decode is a DamagedError, after all that came before it.
"""

import codecs
import contextlib
import functools
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import xxhash
import zstandard
from aiohttp import ClientError
from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import tokenize

from pipelines.contracts.location import base_name, located

RAW_BYTES = 1 << 17  # read at once
PACKED_BYTES = 256  # decompressed at once: 4 bytes of Zstandard can stand for 128 KiB, so these for 8 MiB at most
BATCH_BYTES = 8 << 20
BATCH_LINES = 20_000
LINE_LIMIT_BYTES = 1 << 30
WINDOW_LIMIT_BYTES = 1 << 31  # what a Zstandard frame may look back on: dumps of web forums are made with --long=31
HASHED_BYTES = 64 << 20  # local files up to this size are known by their content
THREADS = 8
UNREADABLE = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, ClientError)
VERSION_KEYS = ("ETag", "etag", "md5Hash", "crc32c", "blob_id", "LastModified", "last_modified", "updated", "mtime")

PLACE_KEYS = ("name", "url")  # where a file is, which may hold a signature of today

Facts = Mapping[str, Any]  # what a filesystem says of a file without reading it, by its own keys; nothing where unknown
NO_FACTS: Facts = {}

DECODERS: dict[str, Callable[[], Any]] = {
    ".gz": lambda: zlib.decompressobj(wbits=31),
    ".zst": lambda: zstandard.ZstdDecompressor(max_window_size=WINDOW_LIMIT_BYTES).decompressobj(),
}


class DamagedError(Exception):
    """A file stops being readable: `reason` says why.

    It is unreadable_file, truncated_file, corrupt_file, window_too_large or line_too_long.
    """

    def __init__(self, reason: str, detail: str, line: int | None = None) -> None:
        """`detail` is the message; `line` is the 1-based line that could not be read, where it is known."""
        super().__init__(detail)
        self.reason, self.detail, self.line = reason, detail, line


class Lines(NamedTuple):
    """Neighbouring lines without their newlines; `first` is the 1-based number of the first one, `offset` its byte."""

    first: int
    offset: int
    lines: list[bytes]


def is_local(file: str) -> bool:
    """Whether the file lies in this machine's own filesystem."""
    return isinstance(located(file)[0], LocalFileSystem)


def opened(file: str) -> Any:
    """The file's bytes as a seekable stream, not decompressed."""
    filesystem, path = located(file)
    return filesystem.open(path, "rb")


def chunks(file: str) -> Iterator[bytes]:
    """The file's bytes, decompressed by its suffix; DamagedError once everything that could be read has been given.

    A chunk has at most 8 MiB, whatever the file decompresses to.
    """
    decoder = next((start for suffix, start in DECODERS.items() if base_name(file).endswith(suffix)), None)
    with _reachable(), opened(file) as stream:
        raw = iter(functools.partial(stream.read, RAW_BYTES), b"")
        yield from raw if decoder is None else _decompressed(raw, decoder)


def line_batches(file: str, batch_bytes: int = BATCH_BYTES) -> Iterator[Lines]:
    """The file's lines in order, about `batch_bytes` at a time, at most BATCH_LINES, and DamagedError as in `chunks`.

    A byte order mark at the start is left out. Of a damaged file every whole line comes first; `line` of the error is
    the number of the line in which the damage lies.
    """
    yield from _lines(chunks(file), _LineBuffer(), batch_bytes)


def is_packed(file: str) -> bool:
    """Whether the file is decompressed on the way, by its suffix."""
    return base_name(file).endswith(tuple(DECODERS))


def lines_of_stretch(file: str, number: int, count: int) -> Iterator[Lines]:
    """The lines that begin in one of `count` equal stretches of a file that is not packed, as in `line_batches`.

    `first` is counted from the stretch's own first line; `lines_before` says how many stand before that.
    """
    start, end = (_line_start(file, each, count) for each in (number, number + 1))
    yield from _lines(_ranges(file, start, end, BATCH_BYTES), _LineBuffer(start), BATCH_BYTES)


def lines_before(file: str, number: int, count: int) -> int:
    """How many lines stand before those of a stretch; all that is before it is read."""
    return sum(chunk.count(b"\n") for chunk in _ranges(file, 0, _line_start(file, number, count), BATCH_BYTES))


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    """Inside, a file that cannot be opened is a DamagedError."""
    try:
        yield
    except UNREADABLE as error:
        raise DamagedError("unreadable_file", f"{type(error).__name__}: {error}") from error


def _line_start(file: str, number: int, count: int) -> int:
    """The byte at which the first line begins in or behind a stretch; the size of the file where none does."""
    with _reachable():
        filesystem, path = located(file)
        size = int(filesystem.size(path))
    position = size * number // count
    if not position:
        return 0
    at = position - 1
    for chunk in _ranges(file, at, size, RAW_BYTES):
        if b"\n" in chunk:
            return at + chunk.index(b"\n") + 1
        at += len(chunk)
    return size


def _ranges(file: str, start: int, end: int, step_bytes: int) -> Iterator[bytes]:
    """The bytes from `start` up to before `end`, a request each step: nothing is read ahead."""
    filesystem, path = located(file)
    with _reachable():
        for at in range(start, end, step_bytes):
            yield filesystem.cat_file(path, start=at, end=min(at + step_bytes, end))


def _lines(raw: Iterator[bytes], buffer: "_LineBuffer", batch_bytes: int) -> Iterator[Lines]:
    try:
        for chunk in raw:
            buffer.add(chunk)
            if buffer.bytes_held >= batch_bytes:
                yield from buffer.whole_lines()
    except DamagedError as damage:
        yield from buffer.whole_lines()
        raise DamagedError(damage.reason, damage.detail, buffer.first) from damage
    buffer.end_last_line()
    yield from buffer.whole_lines()


def fingerprint(files: Mapping[str, Facts]) -> str:
    """32 hexadecimal digits over the base names and contents of the files, in whatever folder and order they are.

    A local file of up to 64 MiB is known by its content, another by its size and its filesystem's own version of it
    (an ETag, a time of change), which is asked for where what is known of the file does not tell it.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        tokens = list(pool.map(_token, files, files.values()))
    total = xxhash.xxh3_128()
    for name, token in sorted((base_name(file), token) for file, token in zip(files, tokens, strict=True)):
        total.update(f"{name}\0{token}\n".encode())
    return total.hexdigest()


class _LineBuffer:
    """Bytes that wait for their lines to be whole; `first` and `offset` are those of the next line to come out."""

    def __init__(self, offset: int = 0) -> None:
        self.first, self.offset = 1, offset
        self._held = bytearray()
        self._whole = 0  # bytes of `_held` up to its last newline

    @property
    def bytes_held(self) -> int:
        """How many bytes wait here."""
        return len(self._held)

    def add(self, chunk: bytes) -> None:
        """Holds the chunk too; DamagedError where a line grows beyond LINE_LIMIT_BYTES."""
        newline = chunk.rfind(b"\n")
        if newline >= 0:
            self._whole = len(self._held) + newline + 1
        self._held += chunk
        if len(self._held) - self._whole > LINE_LIMIT_BYTES:
            raise DamagedError("line_too_long", f"a line of more than {LINE_LIMIT_BYTES >> 20} MiB")

    def whole_lines(self) -> Iterator[Lines]:
        """All lines that have ended, at most BATCH_LINES at a time; what is left of the next one stays held."""
        if not self._whole:
            return
        with memoryview(self._held) as held:
            whole = held[: self._whole - 1].tobytes()
        del self._held[: self._whole]
        self._whole = 0
        lines = whole.split(b"\n")
        for start in range(0, len(lines), BATCH_LINES):
            yield self._next(lines[start : start + BATCH_LINES])

    def end_last_line(self) -> None:
        """Ends the line at the end of the file where no newline does."""
        if len(self._held) > self._whole:
            self.add(b"\n")

    def _next(self, lines: list[bytes]) -> Lines:
        first, offset = self.first, self.offset
        self.first, self.offset = first + len(lines), offset + sum(map(len, lines)) + len(lines)
        if offset == 0:
            lines = [lines[0].removeprefix(codecs.BOM_UTF8), *lines[1:]]
        return Lines(first, offset, lines)


def _decompressed(raw: Iterator[bytes], start: Callable[[], Any]) -> Iterator[bytes]:
    """The content of one or more compressed members or frames in a row; zero bytes after a member are padding."""
    decoder: Any = None
    members = 0
    try:
        for piece in _small(raw):
            waiting = piece.lstrip(b"\0") if members and decoder is None else piece
            while waiting:
                if decoder is None:
                    decoder, members = start(), members + 1
                yield decoder.decompress(waiting)
                waiting = b""
                if decoder.eof:
                    waiting, decoder = decoder.unused_data.lstrip(b"\0"), None
    except (zlib.error, zstandard.ZstdError) as error:
        reason = "window_too_large" if "too much memory" in str(error) else "corrupt_file"
        raise DamagedError(reason, str(error)) from error
    if decoder is not None or not members:
        raise DamagedError("truncated_file", "the compressed data ends before its end mark")


def _small(raw: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, at most PACKED_BYTES at a time."""
    return (chunk[start : start + PACKED_BYTES] for chunk in raw for start in range(0, len(chunk), PACKED_BYTES))


def _token(file: str, facts: Facts) -> str:
    filesystem, path = located(file)
    if isinstance(filesystem, LocalFileSystem):
        status = os.stat(path)
        return _local_token(path, status.st_size, status.st_mtime_ns)
    info = facts if facts.get("size") is not None else filesystem.info(path)
    version = next((f"{key}:{info[key]}" for key in VERSION_KEYS if info.get(key)), None)
    known = {key: value for key, value in info.items() if key not in PLACE_KEYS}
    return f"{info['size']}:{version or tokenize(known)}"


@functools.lru_cache(maxsize=100_000)
def _local_token(path: str, size_bytes: int, changed_ns: int) -> str:
    """The file's content hash, of a large file its size and time of change; kept while these two stay the same."""
    if size_bytes > HASHED_BYTES:
        return f"{size_bytes}:{changed_ns}"
    with open(path, "rb") as stream:
        return xxhash.xxh3_128_hexdigest(stream.read())
