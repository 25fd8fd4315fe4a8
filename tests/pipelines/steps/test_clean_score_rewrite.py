import pytest
from pydantic import ValidationError

from pipelines.contracts.step import Step


def test_clean_names_the_filter_and_its_reason(ingested, applied) -> None:
    before = ingested(["too short", "a text of quite a few words, which is long enough for the rule that is set here"])
    spec = {"kind": "clean", "filters": [{"kind": "length", "min_characters": 40, "min_words": 1}]}
    manifest, table = applied(before, spec)
    assert table.num_rows == 1
    assert manifest.dropped == {"length:too_short": 1}
    assert manifest.examples[0]["detail"] == "too short"


def test_score_adds_a_column_named_after_the_step(ingested, applied) -> None:
    before = ingested(["four", "seven ch"], ["x"])
    spec = {"kind": "score", "column": "size", "scorer": {"kind": "length", "unit": "characters"}}
    _, table = applied(before, spec)
    assert table["size"].to_pylist() == [4.0, 8.0, 1.0]


@pytest.mark.parametrize("name", ["id", "text", "source", "genre"])
def test_a_score_takes_no_column_that_documents_have(name: str) -> None:
    with pytest.raises(ValidationError, match=f"a score named '{name}' would replace what documents have there"):
        Step.model_validate({"kind": "score", "column": name, "scorer": {"kind": "length"}})


def test_rewrite_replaces_texts_and_keeps_the_id_of_the_original(ingested, applied, store) -> None:
    text = "We utilize https://example.com/x a number of tools in order to commence work. It is subsequently done."
    before = ingested([text])
    spec = {"kind": "rewrite", "rewriter": {"kind": "leaner"}, "engine": {"kind": "lexical"}}
    manifest, table = applied(before, spec)
    assert manifest.counts["rewritten"] == 1
    assert "https" not in table["text"][0].as_py()
    assert table["id"][0].as_py() == store.read_table(before.shards[0])["id"][0].as_py()
    assert manifest.samples[0]["before"] == text


def test_what_a_killed_run_has_rewritten_is_not_rewritten_again(ingested, applied, store) -> None:
    before = ingested([f"text {number} stands here for a while" for number in range(2500)])
    spec = {"kind": "rewrite", "rewriter": {"kind": "leaner"}, "engine": {"kind": "echo"}}
    manifest, table = applied(before, spec)
    assert len(manifest.shards) == 3, "a unit is a row group of 1024 rows"
    store.filesystem.rm_file(store.path(f"{manifest.address}/manifest.json"))
    store.filesystem.rm_file(store.path(f"{manifest.address}/units/00000-0001.json"))
    again, table_again = applied(before, spec)
    assert again.address == manifest.address
    assert [shard.file for shard in again.shards][::2] == [shard.file for shard in manifest.shards][::2]
    assert again.shards[1].file != manifest.shards[1].file
    assert table_again == table
