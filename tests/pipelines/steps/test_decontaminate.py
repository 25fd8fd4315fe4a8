import json
import unicodedata

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


PLAIN = "“The café’s fox” jumps over the lazy dog - while seven small cats watch it from a distant warm roof"
VARIANTS = {
    "as it is": PLAIN,
    "no-break spaces": PLAIN.replace(" ", "\u00a0"),
    "ideographic and line spaces": PLAIN.replace(" ", "\u3000", 5).replace(" ", "\u2028"),
    "straight quotes": PLAIN.replace("“", '"').replace("”", '"').replace("’", "'"),
    "acute accent as apostrophe": PLAIN.replace("’", "\u00b4"),
    "em dash": PLAIN.replace(" - ", "—"),
    "en dash": PLAIN.replace(" - ", " – "),
    "ellipsis": PLAIN.replace(" - ", "… "),
    "emphasis": PLAIN.replace("lazy", "_lazy_").replace("small", "*small*"),
    "guillemets": PLAIN.replace("“", "«\u202f").replace("”", "\u202f»"),
    "NFD": unicodedata.normalize("NFD", PLAIN),
    "capitals": PLAIN.upper(),
    "soft hyphens": PLAIN.replace("distant", "dis\u00adtant").replace("small", "sm\u200dall"),
    "fullwidth": PLAIN.replace("cats", "ｃａｔｓ"),
    "variation selector": PLAIN.replace("fox", "fox\ufe0e"),
}


@pytest.mark.parametrize("held", ["as it is", "straight quotes", "NFD"])
def test_however_its_marks_and_spaces_are_written_a_leak_is_found(ingested, applied, held_out, held: str) -> None:
    with open(held_out["path"], "w") as file:
        file.write(json.dumps({"text": VARIANTS[held]}) + "\n")
    manifest, table = applied(
        ingested([*VARIANTS.values(), "nothing in common"]), {"kind": "decontaminate", "against": {"test": held_out}}
    )
    assert table["text"].to_pylist() == ["nothing in common"]
    counts = {row["detail"].split(" shared with ")[0] for row in manifest.examples}
    assert counts == {"8"}  # of the 20 words, all 8 runs of 13


@pytest.mark.parametrize(
    ("text", "leak"),
    [
        ("今天天气很好，我们一起去公园散步。", "有人说今天天气很好,我们一起去公园散步!"),
        ("今日は天気がとても良いので公園へ行きます。", "そして「今日は天気がとても良い、ので公園」"),
        ("วันนี้อากาศดีมากเราไปเดินเล่นในสวนกัน", "เขาบอกว่า วันนี้อากาศดีมาก เราไปเดินเล่นกัน"),
        ("ມື້ນີ້ອາກາດດີຫຼາຍພວກເຮົາໄປຍ່າງຫຼິ້ນ", "ລາວເວົ້າວ່າ ມື້ນີ້ອາກາດດີຫຼາຍ"),
        ("ថ្ងៃនេះអាកាសធាតុល្អណាស់", "គាត់និយាយថា ថ្ងៃនេះអាកាសធាតុល្អ"),
    ],
)
def test_scripts_without_spaces_are_compared_by_letter(ingested, applied, held_out, text: str, leak: str) -> None:
    with open(held_out["path"], "w") as file:
        file.write(json.dumps({"text": text}) + "\n")
    unrelated = "明日は雨が降るそうです。พรุ่งนี้ฝนจะตก 明天会下雨，我们在家里看书。"
    manifest, table = applied(
        ingested([text, leak, unrelated]), {"kind": "decontaminate", "against": {"test": held_out}}
    )
    assert table["text"].to_pylist() == [unrelated]
    assert manifest.dropped == {"held_out:test": 2}


def test_evidence_of_a_text_that_is_not_ascii_is_cut_from_its_folding(ingested, applied, held_out) -> None:
    leaked = "½ of it\u00a0— ÉTÉ: " + HELD_OUT.upper()
    manifest, _ = applied(ingested([leaked, "other"]), {"kind": "decontaminate", "against": {"test": held_out}})
    assert manifest.examples[0]["detail"].endswith(": " + HELD_OUT)
