import unicodedata
from collections import defaultdict

import pyarrow as pa
import pytest

from pipelines.contracts.step import Place
from pipelines.corpus.corpus import StoredCorpus
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
    parts = [drop(rows.slice(first, 3), Place.in_shard(4, first, min(3, 8 - first))) for first in (0, 3, 6)]
    assert [part.rows["id"].to_pylist() for part in parts] == [["0", "2"], ["3", "4"], ["6", "7"]]
    assert [part.dropped["id"].to_pylist() for part in parts] == [["1"], ["5"], []]
    assert parts[1].dropped["detail"].to_pylist() == ["b"]


def test_shards_that_share_a_unit_lose_the_rows_of_each(store) -> None:
    manifest = Manifest(address="law-1", name="law", kind="law", ingredients={})
    corpus = StoredCorpus(store, manifest, Attempt.begin(store, "law-2"))
    corpus.put("losers-00004", pa.table({"_row": [1], "winner": ["a"]}))
    corpus.put("losers-00006", pa.table({"_row": [0, 2], "winner": ["b", "c"]}))
    place = Place.joined([Place.in_shard(shard, 0, 3) for shard in (4, 5, 6)])
    outcome = DedupExact().open({"corpus": corpus}, seed=0)(pa.table({"id": list("abcdefghi")}), place)
    assert outcome.rows["id"].to_pylist() == list("acdefh")
    assert outcome.dropped.select(["id", "detail"]).to_pylist() == [
        {"id": "b", "detail": "a"},
        {"id": "g", "detail": "b"},
        {"id": "i", "detail": "c"},
    ]


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


SPELLINGS = {
    "blanks": "The café by the sea, it was fine",
    "no-break spaces": "The\u00a0café by\u202fthe sea, it\u2007was fine",
    "ideographic space": "The café\u3000by the sea, it was fine\u3000",
    "line separators": "The café\u2028by the sea,\u2029\u2029it was\x85fine\u2028",
    "controls": "The café\x1cby\x0b the sea, \x1f it was fine",
    "ogham space": "The café by the sea,\u1680it was fine",
    "NFD": unicodedata.normalize("NFD", "The café by the sea, it was fine"),
    "soft hyphens": "\ufeffThe ca\u00adfé by the sea, it was fi\u200dne",
    "ligature": "The café by the sea, it was ﬁne",
    "capitals": "THE CAFÉ BY THE SEA, IT WAS FINE",
}


def test_every_spelling_of_a_text_is_a_duplicate(ingested, applied) -> None:
    manifest, table = applied(ingested([*SPELLINGS.values(), "another text"]), {"kind": "dedup_exact"})
    assert len(table) == 2
    assert "another text" in table["text"].to_pylist()
    assert manifest.dropped == {"duplicate": len(SPELLINGS) - 1}
