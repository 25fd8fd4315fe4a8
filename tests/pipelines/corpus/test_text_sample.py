"""The sample of text that codecs and byte models learn from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.corpus.corpus import StoredCorpus
from pipelines.corpus.randomness import uniform
from pipelines.corpus.text_sample import text_sample
from pipelines.passes.step_work import text_bytes
from pipelines.passes.units import Attempt
from pipelines.sources.reading.documents import identify
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store

ROWS = identify(pa.table({"text": [f"Document number {n} is about this long." for n in range(400)]}), "x")
pytestmark = pytest.mark.usefixtures("ray_session")


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., StoredCorpus]:
    """These tables as a corpus, a shard a table."""
    store = Store(str(tmp_path / "store"))

    def make(*tables: pa.Table) -> StoredCorpus:
        shards = [
            store.write_table(f"x/{number}-{len(tables)}.parquet", table, text_bytes(table))
            for number, table in enumerate(tables)
        ]
        facts = {"rows": sum(shard.rows for shard in shards), "bytes": sum(shard.bytes for shard in shards)}
        manifest = Manifest(address="x", name="x", kind="x", ingredients={}, shards=shards, **facts)
        return StoredCorpus(store, manifest, Attempt.begin(store, "y"))

    return make


def slow_sample(rows: pa.Table, sample_bytes: int, seed: int, purpose: str) -> list[str]:
    """The definition: texts whose draw is below their share of the bytes, and the one with the least draw."""
    rows = rows.filter(np.array([bool(text) for text in rows["text"].to_pylist()])).sort_by("id")
    draws = uniform(rows["id"].combine_chunks(), seed, purpose)
    chosen = (draws < sample_bytes / text_bytes(rows)) | (draws == draws.min())
    return rows.filter(pa.array(chosen))["text"].to_pylist()


def test_it_is_the_share_of_the_bytes_whatever_the_shards(stored: Callable[..., StoredCorpus]) -> None:
    turned = ROWS.take(list(range(399, -1, -1)))
    layouts = (stored(ROWS), stored(turned.slice(0, 50), turned.slice(50, 0), turned.slice(50)))
    for draw in ((8_000, 1, "a"), (8_000, 2, "a"), (8_000, 1, "b"), (10**9, 1, "a")):
        expected = slow_sample(ROWS, *draw)
        assert [text_sample(corpus, *draw) for corpus in layouts] == [expected, expected]
    assert 5_000 < sum(len(text.encode()) for text in slow_sample(ROWS, 8_000, 1, "a")) < 11_000


def test_of_few_large_documents_there_is_one_at_least(stored: Callable[..., StoredCorpus]) -> None:
    rows = identify(pa.table({"text": [letter * 10_000 for letter in "abcd"] + [""]}), "x")
    corpus = stored(rows.slice(0, 2), rows.slice(2))
    for seed in range(3):
        assert text_sample(corpus, 10, seed, "a") == slow_sample(rows, 10, seed, "a")


def test_a_corpus_without_text_fails_with_the_cure(stored: Callable[..., StoredCorpus]) -> None:
    with pytest.raises(ValueError, match="no text to learn from"):
        text_sample(stored(identify(pa.table({"text": ["", ""]}), "x")), 10, 0, "a")
