import numpy as np
import pytest

from pipelines.packing.packed import Packed
from pipelines.packing.sequences import unpack
from pipelines.store.encoded import open_coder


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
