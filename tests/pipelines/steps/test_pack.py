import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.packing.packed import Packed
from pipelines.packing.sequences import bucket_edges, close_documents, cut, unpack
from pipelines.store.encoded import open_coder

DOCUMENTS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), min_size=1, max_size=12)


@given(DOCUMENTS, st.integers(2, 8))
def test_unpacking_gives_the_documents_back(documents: list[list[int]], length: int) -> None:
    import pyarrow as pa

    stream, owners = close_documents(pa.array(documents, pa.large_list(pa.uint16())), end=0)
    sequences, last = cut(stream, owners, length, end=0)
    assert [document.tolist() for document in unpack(sequences, end=0)] == documents
    assert sequences.size - len(stream) < length
    assert last.tolist() == sorted(last)


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=200), st.integers(1, 6))
def test_edges_ascend_and_part_the_tokens_evenly(values: list[float], buckets: int) -> None:
    edges = bucket_edges(np.array(values), np.ones(len(values)), buckets)
    assert len(edges) == buckets - 1
    assert (np.diff(edges) >= 0).all()
    if len(set(values)) == len(values):
        sizes = np.bincount(np.searchsorted(edges, values, side="right"), minlength=buckets)
        assert sizes.max() - sizes.min() <= 2


@pytest.mark.parametrize("codec", ["bytes", "bpe", "gzip", "equal_info"])
def test_no_text_is_lost_or_doubled(ingested, applied, store, codec: str) -> None:
    texts = [f"Text {number}: " + "many words 日本 " * (number % 9 + 1) for number in range(60)]
    before = ingested(
        [{"text": text, "hard": len(text)} for text in texts[:35]], [{"text": t, "hard": 0} for t in texts[35:]]
    )
    spec = {"kind": codec, **({"vocab": 300} if codec == "bpe" else {})}
    encoded, _ = applied(before, {"kind": "encode", "codec": spec})
    pack = {"kind": "pack", "length": 16, "by": "hard", "buckets": 4}
    manifest, _ = applied(encoded, pack)
    packed = Packed.from_manifest(store, manifest)
    coder = open_coder(encoded, store)
    decoded, first = [], 0
    for count in packed.counts:
        sequences = packed.rows(range(first, first + count))
        decoded += [coder.decode(document) for document in unpack(sequences, packed.end)]
        first += count
    assert sorted(decoded) == sorted(texts)
    assert packed.text_bytes == sum(len(text.encode()) for text in texts)
    assert packed.tokens == encoded.counts["tokens"] + len(texts)


def test_harder_documents_stand_in_later_buckets(ingested, applied, store) -> None:
    before = ingested([{"text": "x" * (number + 1), "hard": number} for number in range(50)])
    encoded, _ = applied(before, {"kind": "encode", "codec": "bytes"})
    _manifest, table = applied(encoded, {"kind": "pack", "length": 8, "by": "hard", "buckets": 5})
    buckets = table["bucket"].to_numpy()
    assert (np.diff(buckets.astype(int)) >= 0).all()
    assert set(buckets) == {0, 1, 2, 3, 4}


def test_the_high_end_can_be_the_easy_one(ingested, applied) -> None:
    before = ingested([{"text": str(number) * 7, "good": number} for number in range(8)])
    encoded, _ = applied(before, {"kind": "encode", "codec": "bytes"})
    by = {"kind": "pack", "length": 8, "by": "good", "buckets": 2}
    for easy, easiest in (("low", set("0123")), ("high", set("4567"))):
        _, table = applied(encoded, {**by, "easy": easy})
        first_bucket = [row["sequence"][0] for row in table.to_pylist() if row["bucket"] == 0]
        assert {chr(token) for token in first_bucket} == easiest


def test_rows_out_of_range_are_refused(ingested, applied, store) -> None:
    encoded, _ = applied(ingested(["a text"]), {"kind": "encode", "codec": "bytes"})
    manifest, _ = applied(encoded, {"kind": "pack", "length": 4})
    packed = Packed.from_manifest(store, manifest)
    with pytest.raises(IndexError, match="sequence numbers run from 0"):
        packed.rows([packed.sequences])
