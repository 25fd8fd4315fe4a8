"""Packed: fixed-length token sequences in a store, read row by row without loading the corpus.

The shards are uncompressed Arrow files with the columns `sequence` (fixed-size list of uint16 or uint32) and `bucket`
(uint8, 0 easiest). A local shard is memory-mapped; one in a bucket is copied to this machine when it is first needed.
Each process checks a shard against its checksum when it first opens it.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.contracts.rows import BUCKET, SEQUENCE
from pipelines.store.local_copy import local_copy
from pipelines.store.manifest import Manifest, Stored
from pipelines.store.store import Store, digest


class PackedFacts(Stored):
    """What step `pack` keeps in its manifest's details: tokens in a sequence, tokens there are, and the end token."""

    length: int
    vocab_size: int
    end: int


@dataclass(frozen=True)
class Packed:
    """A packed dataset: `counts[i]` sequences of `length` tokens in the i-th file, numbered on across the files.

    `checksums[i]` is xxh3 of the i-th file.
    `end` closes every document and fills the tail of a shard's last sequence. `tokens` counts all tokens but that
    filling, `text_bytes` the UTF-8 bytes of the documents.
    """

    store: Store
    address: str
    files: tuple[str, ...]
    counts: tuple[int, ...]
    checksums: tuple[str, ...]
    length: int
    vocab_size: int
    end: int
    tokens: int
    text_bytes: int

    @classmethod
    def from_manifest(cls, store: Store, manifest: Manifest) -> "Packed":
        """The packed dataset that a manifest of step `pack` describes."""
        facts = manifest.details_as(PackedFacts)
        return cls(
            store=store,
            address=manifest.address,
            files=tuple(shard.file for shard in manifest.shards),
            counts=tuple(shard.rows for shard in manifest.shards),
            checksums=tuple(shard.checksum for shard in manifest.shards),
            length=facts.length,
            vocab_size=facts.vocab_size,
            end=facts.end,
            tokens=int(manifest.counts["tokens"]),
            text_bytes=manifest.bytes,
        )

    @property
    def sequences(self) -> int:
        """How many sequences there are."""
        return sum(self.counts)

    def buckets(self) -> npt.NDArray[np.uint8]:
        """(sequences,) difficulty bucket of each sequence."""
        columns = [self._buckets(shard) for shard in range(len(self.files))]
        return np.concatenate(columns) if columns else np.zeros(0, np.uint8)

    def rows(self, indices: Sequence[int] | npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """(k, length) tokens of the sequences with these numbers, in their order; only their pages are read."""
        wanted = np.asarray(indices, dtype=np.int64)
        ends = np.cumsum(self.counts)
        if len(wanted) and (wanted.min() < 0 or wanted.max() >= self.sequences):
            raise IndexError(f"sequence numbers run from 0 to {self.sequences - 1}")
        shard_of = np.searchsorted(ends, wanted, side="right")
        result = np.empty((len(wanted), self.length), dtype=np.int64)
        for shard in np.unique(shard_of):
            here = shard_of == shard
            first = int(ends[shard]) - self.counts[shard]
            result[here] = self._tokens(int(shard))[wanted[here] - first]
        return result

    def _tokens(self, shard: int) -> npt.NDArray[np.integer]:
        column = self._opened(shard)[SEQUENCE].chunk(0)
        tokens: npt.NDArray[np.integer] = column.flatten().to_numpy(zero_copy_only=True).reshape(-1, self.length)
        return tokens

    def _buckets(self, shard: int) -> npt.NDArray[np.uint8]:
        """The buckets of a shard; of one in a remote store they alone are read, so they are not checked."""
        if self.store.is_local:
            column: npt.NDArray[np.uint8] = self._opened(shard)[BUCKET].to_numpy()
            return column
        return _bucket_column(self.store, self.files[shard])

    def _opened(self, shard: int) -> pa.Table:
        return _open(self.store, self.files[shard], self.checksums[shard])


@functools.lru_cache(maxsize=1024)
def _open(store: Store, file: str, checksum: str) -> pa.Table:
    """The mapped file; Mistake with the cure where it is gone or not what was written."""
    try:
        source = pa.memory_map(str(_local_path(store, file)))
    except FileNotFoundError as error:
        raise store.damaged(file, "is gone") from error
    with source:
        mapped = source.read_buffer()
        if digest(memoryview(mapped)) != checksum:
            raise store.damaged(file, "is damaged: its checksum is not the manifest's")
        return pa.ipc.open_file(mapped).read_all().combine_chunks()


def _bucket_column(store: Store, file: str) -> npt.NDArray[np.uint8]:
    with store.filesystem.open(store.path(file)) as stream:
        names = pa.ipc.open_file(stream).schema.names
        only = pa.ipc.IpcReadOptions(included_fields=[names.index(BUCKET)])
        column: npt.NDArray[np.uint8] = pa.ipc.open_file(stream, options=only).read_all()[BUCKET].to_numpy()
    return column


def _local_path(store: Store, file: str) -> Path:
    path = store.path(file)
    return Path(path) if store.is_local else local_copy(store.filesystem, path)
