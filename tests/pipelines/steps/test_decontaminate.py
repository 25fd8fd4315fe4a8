import json

import pytest

HELD_OUT = "the quick brown fox jumps over the lazy dog near the old stone bridge at dawn"


@pytest.fixture
def held_out(tmp_path) -> dict:
    file = tmp_path / "held_out.jsonl"
    file.write_text(json.dumps({"text": HELD_OUT}) + "\n")
    return {"kind": "jsonl", "path": str(file)}


def test_a_document_that_shares_thirteen_words_is_dropped_with_the_evidence(ingested, applied, held_out) -> None:
    leaked = "Noise before. The QUICK brown fox, jumps over the lazy dog near the old stone! Noise after."
    short = "the quick brown fox jumps over the lazy dog near the old"
    before = ingested([leaked, short, "nothing in common"])
    manifest, table = applied(before, {"kind": "decontaminate", "against": {"test": held_out}})
    assert table["text"].to_pylist() == [short, "nothing in common"]
    assert manifest.dropped == {"held_out:test": 1}
    assert "The QUICK brown fox, jumps over" in manifest.examples[0]["detail"]
    assert "1 shared with test " in manifest.examples[0]["detail"]


def test_a_share_forgives_a_little_overlap(ingested, applied, held_out) -> None:
    mostly_own = HELD_OUT + " " + " ".join(f"word{number}" for number in range(200))
    before = ingested([mostly_own, HELD_OUT])
    spec = {"kind": "decontaminate", "against": {"test": held_out}, "max_share": 0.5}
    _, table = applied(before, spec)
    assert table["text"].to_pylist() == [mostly_own]


def test_an_edited_held_out_set_is_another_address(ingested, applied, held_out) -> None:
    before = ingested(["some text or other"])
    spec = {"kind": "decontaminate", "against": {"test": held_out}}
    first, _ = applied(before, spec)
    with open(held_out["path"], "a") as file:
        file.write(json.dumps({"text": "more"}) + "\n")
    second, _ = applied(before, spec)
    assert first.address != second.address
