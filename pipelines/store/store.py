"""Store: a folder or bucket of content-addressed datasets, each described by a manifest that is written last.

    <store>/<address>/manifest.json               names every file of the finished dataset
    <store>/<address>/units/<unit>.json           one finished unit of work, for resuming a killed build
    <store>/<address>/<attempt>/part-*.parquet    what an attempt wrote; files of lost attempts are never named
    <store>/<address>/quarantine/<unit>.jsonl     input rows that could not be read: file, line, reason

A file is complete before a unit names it and a unit is complete before the manifest names it, so a crash leaves
nothing half-done in sight, and two builders of one address need no lock: both write the same rows under names
of their own, and either manifest is right.
"""

import contextlib
import glob
import json
import logging
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from fsspec.implementations.local import LocalFileSystem
from pydantic import ValidationError

from pipelines.contracts.location import located
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import BoolArray
from pipelines.contracts.storage_errors import naming, reached
from pipelines.store.damage import damaged
from pipelines.store.manifest import Manifest, Shard, UnitRecord

LOGGER = logging.getLogger(__name__)
ROW_GROUP_ROWS = 1024
READERS = 32  # small files that are read at once: a bucket takes 20 to 100 ms to answer, however small they are

ChooseFn = Callable[[pa.ChunkedArray], BoolArray]  # (n,) values of a column -> which of these rows


@dataclass(frozen=True)
class Store:
    """A store at any fsspec URL; small and picklable, so it travels to the workers."""

    url: str

    def __post_init__(self) -> None:
        """A relative folder is that of the process that named it, also where a worker runs in another one."""
        filesystem, path = located(self.url)
        if isinstance(filesystem, LocalFileSystem):
            object.__setattr__(self, "url", path)

    @cached_property
    def _place(self) -> tuple[fsspec.AbstractFileSystem, str]:
        filesystem, root = located(self.url)
        return filesystem, root.rstrip("/")

    def __getstate__(self) -> dict[str, str]:
        """The address alone travels; the filesystem is opened anew where the store arrives."""
        return {"url": self.url}

    @property
    def filesystem(self) -> fsspec.AbstractFileSystem:
        """The fsspec filesystem that `path` belongs to."""
        return self._place[0]

    def path(self, file: str) -> str:
        """The path on `filesystem` of a file that is named relative to the store."""
        return f"{self._place[1]}/{file}"

    @property
    def is_local(self) -> bool:
        """Whether the files can be memory-mapped from this machine."""
        return isinstance(self.filesystem, LocalFileSystem)

    def check(self) -> None:
        """Raises Mistake, before any work, where nothing can be written."""
        probe = f".probe-{uuid.uuid4().hex}"
        try:
            with reached("store", self.url):
                self.write(probe, b"gleaner")
                self.filesystem.rm_file(self.path(probe))
        except OSError as error:
            raise Mistake(
                f"store '{self.url}' cannot be written ({error}); set 'store' to a folder or bucket you can write to"
            ) from error

    def write(self, file: str, data: bytes) -> None:
        """The file holds `data`; whoever reads meanwhile sees all of it or what was there before.

        On a disk of this machine the file is on the medium before it has its name, and the name before this returns.
        """
        if self.is_local:
            self._place_file(file, data, os.replace)
        else:
            self.filesystem.pipe_file(self.path(file), data)

    def create(self, file: str, data: bytes) -> bool:
        """Whether the file holds `data` from now on; False where there was one already, which stays as it is.

        Of several who create one file at the same time one is told True, on disks and in buckets that write under a
        condition, as S3 does.
        """
        try:
            if self.is_local:
                self._place_file(file, data, os.link)
            else:
                self.filesystem.pipe_file(self.path(file), data, mode="create")
        except FileExistsError:
            if self.filesystem.exists(self.path(file)):
                return False
            raise  # something else is in the way, such as a file where the folder has to be
        return True

    def _place_file(self, file: str, data: bytes, name: Callable[[str, str], None]) -> None:
        """Writes the file beside its place and gives it its name when it is on the medium."""
        target = self.path(file)
        partial = f"{target}.{uuid.uuid4().hex[:8]}.partial"
        folder = target.rpartition("/")[0]
        os.makedirs(folder, exist_ok=True)
        try:
            with naming(target), open(partial, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            name(partial, target)
            _sync_folder(folder)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.remove(partial)

    def read(self, file: str) -> bytes:
        """The whole file; FileNotFoundError where there is none."""
        with reached("store", self.url):
            data: bytes = self.filesystem.cat_file(self.path(file))
        return data

    def names(self, folder: str) -> list[str]:
        """The names of what is in a folder now, sorted; none where there is no such folder."""
        path = self.path(folder)
        self.filesystem.invalidate_cache(path)
        try:
            return sorted(each.rpartition("/")[2] for each in self.filesystem.ls(path, detail=False))
        except FileNotFoundError:
            return []

    def remove(self, path: str) -> None:
        """A file, or a folder with all that lies in it, is gone; so it is where there was none."""
        target = self.path(path)
        with contextlib.suppress(FileNotFoundError):  # fsspec takes a name for a pattern, but not that of a local file
            self.filesystem.rm(target if self.is_local else glob.escape(target), recursive=True)

    def manifest(self, address: str) -> Manifest | None:
        """The manifest of a finished address, or None; Mistake where it is not one that this release can read."""
        file = f"{address}/manifest.json"
        try:
            found = Manifest.model_validate_json(self.read(file))
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise self.damaged(file, "is cut off, edited, or of another release") from error
        if found.rows != sum(shard.rows for shard in found.shards):
            raise self.damaged(file, "names other rows than its shards have")
        return found

    def commit(self, manifest: Manifest) -> Manifest:
        """The address is finished from now on; where another builder was first, its manifest stands and is returned."""
        if (first := self.manifest(manifest.address)) is not None:
            return first
        text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False)
        self.write(f"{manifest.address}/manifest.json", text.encode())
        return manifest

    def unit_records(self, address: str) -> dict[str, UnitRecord]:
        """The finished units of an address, by name.

        One whose record cannot be read, or whose shards are not all there in their size, counts as not finished. The
        address is listed once, and each record read once, READERS of them at a time.
        """
        sizes = self.sizes(address)
        files = [file for file in sizes if file.startswith(f"{address}/units/") and file.endswith(".json")]
        with ThreadPoolExecutor(READERS) as pool:
            read = zip(map(self.path, files), pool.map(self.read, files), strict=True)
            records = [record for path, data in read if (record := _unit_record(path, data)) is not None]
        return {record.unit: record for record in records if _has_its_shards(record, sizes)}

    def sizes(self, address: str) -> dict[str, int]:
        """The size of each file of an address, by its path inside the store; one listing."""
        self.filesystem.invalidate_cache()
        root = len(self.path(""))
        return {
            path[root:]: facts["size"] for path, facts in self.filesystem.find(self.path(address), detail=True).items()
        }

    def write_table(self, file: str, table: pa.Table, text_bytes: int) -> Shard:
        """`table` as one shard, in the format that the name's ending says.

        `.parquet` is zstd-compressed in row groups of at most ROW_GROUP_ROWS rows, its pages have checksums; `.arrow`
        is one uncompressed record batch that can be memory-mapped.
        """
        sink = pa.BufferOutputStream()
        if file.endswith(".arrow"):
            with pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table.combine_chunks())
        else:
            pq.write_table(table, sink, compression="zstd", row_group_size=ROW_GROUP_ROWS, write_page_checksum=True)
        data = sink.getvalue().to_pybytes()
        self.write(file, data)
        groups = -(-table.num_rows // ROW_GROUP_ROWS)
        return Shard(
            file=file,
            rows=table.num_rows,
            bytes=text_bytes,
            checksum=digest(data),
            row_groups=groups,
            file_bytes=len(data),
        )

    def read_table(self, shard: Shard) -> pa.Table:
        """All rows of a shard, checked against its checksum."""
        data = pa.BufferReader(self.read_whole(shard.file, shard.checksum))
        return pa.ipc.open_file(data).read_all() if shard.file.endswith(".arrow") else pq.read_table(data)

    def read_columns(self, shard: Shard, columns: Sequence[str]) -> pa.Table:
        """All rows of these columns of a `.parquet` shard; only their pages are decoded, and checked."""
        with self._open_shard(shard) as file:
            return file.read(columns=list(columns))

    def read_chosen(self, shard: Shard, columns: Sequence[str], key: str, choose: ChooseFn) -> pa.Table:
        """The rows of these columns of a `.parquet` shard that `choose` picks by the column `key`, in their order.

        Beside `key` only row groups with such a row are read, and checked.
        """
        with self._open_shard(shard) as file:
            sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
            group_of_row = np.repeat(np.arange(len(sizes)), sizes)
            chosen = choose(file.read(columns=[key])[key])
            groups = np.unique(group_of_row[chosen])
            table = file.read_row_groups(groups.tolist(), columns=list(columns))
            return table.filter(pa.array(chosen[np.isin(group_of_row, groups)]))

    def read_row_group(self, shard: Shard, number: int) -> tuple[pa.Table, int]:
        """One row group of a `.parquet` shard and the number of its first row; only its pages are read, and checked.

        From a bucket they come in one request, and no more than they: a cache that reads ahead would bring the rest of
        the shard with each of its groups.
        """
        with self._open_shard(shard, cache_type="none") as file:
            before = (file.metadata.row_group(each).num_rows for each in range(number))
            return file.read_row_group(number), sum(before)

    @contextlib.contextmanager
    def _open_shard(self, shard: Shard, **options: str) -> Iterator[pq.ParquetFile]:
        try:
            with self.filesystem.open(self.path(shard.file), "rb", **options) as file:
                yield pq.ParquetFile(file, pre_buffer=True, page_checksum_verification=True)
        except (OSError, pa.ArrowInvalid):
            self.read_whole(shard.file, shard.checksum)  # says so where the file is the reason
            raise

    def read_whole(self, file: str, checksum: str | None) -> bytes:
        """The bytes of a file; Mistake where it is gone, or its xxh3 is not the `checksum` that the manifest names.

        An older release named none for some files; those are not compared.
        """
        try:
            data = self.read(file)
        except FileNotFoundError as error:
            raise self.damaged(file, "is gone") from error
        if checksum not in (None, digest(data)):
            raise self.damaged(file, "is damaged: its checksum is not the manifest's")
        return data

    def damaged(self, file: str, what: str) -> Mistake:
        """The error, with its cure, of a file of the store of which `what` is true."""
        return damaged(self.path(file), what, self.path(file.partition("/")[0]))


def digest(data: bytes | memoryview) -> str:
    """xxh3_128 of `data`, 32 hexadecimal digits."""
    return xxhash.xxh3_128_hexdigest(data)


def _unit_record(path: str, data: bytes) -> UnitRecord | None:
    try:
        return UnitRecord.model_validate_json(data)
    except ValidationError:
        LOGGER.warning("'%s' is not a whole record of a unit of this release; the unit is done again", path)
        return None


def _has_its_shards(record: UnitRecord, sizes: Mapping[str, int]) -> bool:
    for shard in record.shards:
        if shard.file not in sizes or shard.file_bytes not in (None, sizes[shard.file]):
            LOGGER.warning("'%s' of unit %s is gone or cut off; the unit is done again", shard.file, record.unit)
            return False
    return True


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
