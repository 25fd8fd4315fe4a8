"""Draw: a small random sample of the documents of a source, and how much of the source it stands for."""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from cluster.rehearsal.sampled import Sampled
from pipelines.contracts.location import base_name
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, TEXT
from pipelines.contracts.source import Source
from pipelines.corpus.randomness import uniform
from pipelines.passes.step_work import text_bytes
from pipelines.sources.reading.documents import identify
from pipelines.store.store import Store
from pipelines.texts.arrays import one_array

READ_TIMES = 16  # as much text as the sample has is read, or all there is: files differ more than documents of a file
GROUP = 2  # documents drawn of each group of like length
SEED, PURPOSE = 0, "rehearsal"


@dataclass(frozen=True)
class Drawn:
    """Documents, in tables of equal columns, that stand for a `share` of the text of their source.

    `input_bytes` are those of all its files as they are stored; `seconds` those of reading the documents alone.
    """

    tables: list[pa.Table]
    share: float
    input_bytes: float
    seconds: float

    @property
    def text_bytes(self) -> int:
        """UTF-8 bytes of all texts."""
        return sum(map(text_bytes, self.tables))

    def thinned(self, share: float) -> "Drawn":
        """About so much of the documents, of each length as many."""
        kept = [table for table in _of_each_length(self.tables, share) if table.num_rows]
        left = sum(map(text_bytes, kept)) / self.text_bytes
        return Drawn(kept, self.share * left, self.input_bytes, self.seconds * left)


def draw(source: Source, sample_bytes: float) -> Drawn:
    """Documents with about so many bytes of text, of each length as many as in what is read of the source.

    Files are read in the order of a hash of their names, a large one in part where it can be; documents are drawn by a
    hash of their ids. So equal documents are drawn or not together. Mistake where nothing can be read.
    """
    sizes = {file: source.size(file) for file in _shuffled(source.files())}
    most = READ_TIMES * sample_bytes
    tables: list[pa.Table] = []
    read_bytes, read_text, held, started = 0.0, 0, 0, time.monotonic()
    for file, size in sizes.items():
        stretches = max(1, int(size // most)) if source.splits(file) else 1
        for rows in _read(source, file, stretches):
            tables.append(rows)
            read_text += text_bytes(rows)
            held += text_bytes(rows)
            while held > 2 * most:
                tables = _of_each_length(tables, 0.5)
                held = sum(map(text_bytes, tables))
        read_bytes += size / stretches
        if read_text > most:
            break
    if not held:
        raise Mistake(f"source '{source.kind}' has no readable document; look at its path and text column")
    input_bytes = float(sum(sizes.values()))
    share_held, seconds = held / read_text, time.monotonic() - started
    read = Drawn(tables, share_held * read_bytes / input_bytes, input_bytes, share_held * seconds)
    return read.thinned(min(1.0, sample_bytes / held))


def _shuffled(files: Sequence[str]) -> list[str]:
    return sorted(files, key=lambda file: xxhash.xxh3_64_intdigest(f"{PURPOSE}:{base_name(file)}".encode()))


def _of_each_length(tables: Sequence[pa.Table], share: float) -> list[pa.Table]:
    """The share of the different documents of each length that have the lowest draws, with all their copies."""
    lengths = np.concatenate([pc.binary_length(one_array(table[TEXT])).to_numpy() for table in tables])
    draws, first, document_of_row = np.unique(
        np.concatenate([uniform(one_array(table[ID]), SEED, PURPOSE) for table in tables]),
        return_index=True,
        return_inverse=True,
    )
    by_length = np.argsort(lengths[first], kind="stable")
    is_drawn = np.zeros(len(draws), np.bool_)
    for group in np.array_split(by_length, max(1, round(len(draws) * share / GROUP))):
        lowest = np.sort(group)  # of draws, which are in order
        is_drawn[lowest[: max(1, round(len(group) * share))]] = True
    kept = is_drawn[document_of_row]
    ends = np.cumsum([table.num_rows for table in tables])
    masks = np.split(kept, ends[:-1])
    return [table.filter(pa.array(mask)) for table, mask in zip(tables, masks, strict=True)]


def _read(source: Source, file: str, stretches: int) -> Iterator[pa.Table]:
    middle = stretches // 2
    for read in source.read(file) if stretches == 1 else source.read_stretch(file, middle, stretches):
        if read.rows.num_rows:
            yield identify(read.rows, base_name(file))


def put(drawn: Drawn, source: Source, store: Store, folder: str) -> Sampled:
    """The documents as a source of their own in a folder of the store, with the source's quotas in proportion."""
    files = []
    ordered = sorted(drawn.tables, key=lambda table: str(table.schema))
    for number, (_, alike) in enumerate(itertools.groupby(ordered, key=lambda table: str(table.schema))):
        rows = pa.concat_tables(alike).drop_columns([ID])  # it is given again when they are read
        shard = store.write_table(f"{folder}/{number:04d}.parquet", rows, 0)
        files.append(f"{store.url.rstrip('/')}/{shard.file}")
    quotas = source.quotas()
    return Sampled(
        path=tuple(files),
        share=drawn.share,
        parts=None if quotas is None else {name: most * drawn.share for name, most in quotas.shares.items()},
        count="rows" if quotas is None else quotas.count,
    )
