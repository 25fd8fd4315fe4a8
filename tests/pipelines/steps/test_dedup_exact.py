import unicodedata
from collections import defaultdict

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.step import Place
from pipelines.corpus.corpus import StoredCorpus
from pipelines.duplicates.exact import folded
from pipelines.passes.units import Attempt
from pipelines.steps.dedup_exact import DedupExact
from pipelines.store.manifest import Manifest

SHARDS = (
    ["one  text", "Two texts", "three", "ﬁne print"],
    ["ONE text", "two texts", "four", "fine print", "one text"],
    ["one text ", "five"],
)


def survivors_the_slow_way(rows: list[tuple[str, int, int, str]]) -> set[tuple[int, int]]:
    groups = defaultdict(list)
    for id_, shard, row, text in rows:
        groups[" ".join(unicodedata.normalize("NFKC", text).lower().split())].append((id_, shard, row))
    return {min(group)[1:] for group in groups.values()}


def test_folding_is_nfkc_lower_case_and_single_blanks() -> None:
    texts = pa.array(["  A\tﬁne\u00a0 Day\n", "", "ÉTÉ"])
    assert folded(texts).to_pylist() == ["a fine day", "", "été"]


@given(st.lists(st.text(alphabet="aB \t\n\r\u00a0éﬁ1"), max_size=6))
def test_folding_is_that_of_python(texts: list[str]) -> None:
    slow = [" ".join(unicodedata.normalize("NFKC", text).lower().split()) for text in texts]
    for kind in (pa.string(), pa.large_string()):
        assert folded(pa.array(texts, kind)).to_pylist() == slow


@pytest.mark.parametrize("bucket_rows", [1_000_000, 3])
def test_one_of_every_group_survives_whatever_the_number_of_buckets(ingested, applied, store, bucket_rows: int) -> None:
    before = ingested(*SHARDS)
    rows = [
        (row["id"], number, place, row["text"])
        for number, shard in enumerate(before.shards)
        for place, row in enumerate(store.read_table(shard).to_pylist())
    ]
    texts = {(shard, row): text for _, shard, row, text in rows}
    manifest, table = applied(before, {"kind": "dedup_exact", "bucket_rows": bucket_rows})
    expected = [texts[place] for place in sorted(survivors_the_slow_way(rows))]
    assert table["text"].to_pylist() == expected
    assert manifest.dropped == {"duplicate": len(rows) - len(expected)}


def test_a_part_of_a_shard_loses_the_rows_that_lie_in_it(store) -> None:
    manifest = Manifest(address="law-1", name="law", kind="law", ingredients={})
    corpus = StoredCorpus(store, manifest, Attempt.begin(store, "law-2"))
    corpus.put("losers-00004", pa.table({"_row": [1, 5], "winner": ["a", "b"]}))
    rows = pa.table({"id": [str(number) for number in range(8)]})
    drop = DedupExact().open({"corpus": corpus}, seed=0)
    parts = [drop(rows.slice(first, 3), Place(4, first)) for first in (0, 3, 6)]
    assert [part.rows["id"].to_pylist() for part in parts] == [["0", "2"], ["3", "4"], ["6", "7"]]
    assert [part.dropped["id"].to_pylist() for part in parts] == [["1"], ["5"], []]
    assert parts[1].dropped["detail"].to_pylist() == ["b"]


def test_exact_keeps_what_differs_by_a_byte(ingested, applied) -> None:
    manifest, _ = applied(ingested(*SHARDS, ["five"]), {"kind": "dedup_exact", "normalize": "exact"})
    assert manifest.dropped == {"duplicate": 1}


def test_the_survivor_does_not_depend_on_which_copy_is_read_first(ingested, applied) -> None:
    before = ingested(["Same text", "other"], ["same text"])
    manifest, table = applied(before, {"kind": "dedup_exact"})
    ids = {text: id_ for id_, text in zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True)}
    (survivor,) = [text for text in ids if text.lower() == "same text"]
    (lost,) = manifest.examples
    assert lost["detail"] == ids[survivor]
    assert lost["id"] > ids[survivor]
