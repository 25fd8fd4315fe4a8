"""Small packed data for the tests of the training floor."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.rows import BUCKET, SEQUENCE
from pipelines.packing.packed import Packed
from pipelines.store.store import Store, digest

LENGTH, VOCAB, END = 32, 64, 0


def write_packed(folder: Path, shards: int = 3, rows: int = 40, seed: int = 0) -> Packed:
    """Learnable sequences: each token mostly follows from the one before; the last shard's last row is padded."""
    store = Store(str(folder))
    generator = np.random.default_rng(seed)
    files, checksums = [], []
    for shard in range(shards):
        tokens = np.empty((rows, LENGTH), dtype=np.uint16)
        tokens[:, 0] = generator.integers(1, VOCAB, rows)
        for place in range(1, LENGTH):
            follows = (tokens[:, place - 1] * 5 + 1) % (VOCAB - 1) + 1
            tokens[:, place] = np.where(generator.random(rows) < 0.8, follows, generator.integers(1, VOCAB, rows))
        tokens[-1, LENGTH - 8 :] = END
        column = pa.FixedSizeListArray.from_arrays(pa.array(tokens.ravel()), LENGTH)
        table = pa.table({SEQUENCE: column, BUCKET: pa.array(np.arange(rows) % 5, pa.uint8())})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        files.append(f"packed/part-{shard}.arrow")
        data = sink.getvalue().to_pybytes()
        checksums.append(digest(data))
        store.write(files[-1], data)
    tokens_kept = shards * (rows * LENGTH - 7)
    counts = (rows,) * shards
    kept = (tokens_kept, 3 * tokens_kept)
    return Packed(store, "packed", tuple(files), counts, tuple(checksums), LENGTH, VOCAB, END, *kept)


@pytest.fixture(scope="session")
def make_packed() -> Callable[..., Packed]:
    """Writes a packed dataset into a folder."""
    return write_packed


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    """120 sequences of 32 tokens, vocabulary 64, in three shards."""
    return write_packed(tmp_path_factory.mktemp("packed"))
