"""Scorer classifier tells the target's kind of text from other text, and meets what other classifiers fail on."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, TEXT
from pipelines.contracts.source import Source
from pipelines.scorers.classifier import Classifier, fitted
from pipelines.stage import apply_step, ingest
from pipelines.steps.score import Score
from pipelines.store.store import Store

ANIMALS = [
    f"The {one} and the {other} sat in the sun." for one in ("cat", "dog", "hen") for other in ("cow", "pig")
] * 4
NUMBERS = [f"def f{number}(x): return x + {number}" for number in range(60)]
BUCKETS = 4096


def table(texts: list[str]) -> pa.Table:
    ids = [xxhash.xxh3_128_hexdigest(f"{number} {text}".encode()) for number, text in enumerate(texts)]
    return pa.table({ID: pa.array(ids, pa.string()), TEXT: pa.array(texts, pa.string())})


def learned(target: list[str], corpus: list[str], seed: int = 0) -> dict:
    return fitted({"target": table(target), "corpus": table(corpus)}, BUCKETS, 1.0, seed)


def scores(model: dict, texts: list[str]) -> np.ndarray:
    scorer = Classifier(target=Source.model_validate({"kind": "text", "path": "nowhere"}))
    return scorer.open(model)(pa.table({TEXT: pa.array(texts, pa.string())})).values


def test_the_target_is_told_from_the_corpus() -> None:
    model = learned(ANIMALS, NUMBERS)
    animal, number = scores(model, ["The cow sat in the sun.", "def f(x): return x + 1"])
    assert 0 <= number < 0.5 < animal <= 1
    assert model["details"]["documents"] == {"target": 24, "corpus": 60}
    assert model["details"]["held_out_auc"] == pytest.approx(1)
    assert model["details"]["held_out_accuracy"] == pytest.approx(1)
    assert 0 < model["details"]["held_out_documents"] < 84


def test_without_a_difference_the_held_out_documents_say_so() -> None:
    model = learned(NUMBERS[::2], NUMBERS[1::2])
    assert model["details"]["held_out_auc"] < 0.8


def test_both_sides_count_equally_however_many_documents_they_have() -> None:
    few, many = learned(ANIMALS, NUMBERS[:24]), learned(ANIMALS, NUMBERS[:24] * 40)
    for model in (few, many):
        assert scores(model, ["xyzzy"])[0] == pytest.approx(0.5, abs=0.1), "of a text that is like neither"


def test_the_same_is_learned_again_to_the_bit() -> None:
    first, second = learned(ANIMALS, NUMBERS), learned(ANIMALS, NUMBERS)
    np.testing.assert_array_equal(first["weights"], second["weights"])
    assert first["intercept"] == second["intercept"]


def test_line_breaks_are_space() -> None:
    model = learned(ANIMALS, NUMBERS)
    plain, broken = scores(model, ["The cat sat in the sun.", "The cat\nsat\r\n\nin the\u2028sun.\n"])
    assert plain == broken


def test_a_text_of_unknown_words_is_judged_by_the_intercept_and_one_without_words_scores_0() -> None:
    model = learned(ANIMALS, NUMBERS)
    (unknown,) = scores(model, ["xyzzy plugh"])
    assert unknown == pytest.approx(1 / (1 + np.exp(-model["intercept"])))
    np.testing.assert_array_equal(scores(model, ["", " \n\t"]), [0.0, 0.0])


def test_no_probability_is_above_one() -> None:
    for size in (1e3, 1e9, 1e300):
        found = scores({"weights": np.full(BUCKETS, size), "intercept": size}, ANIMALS)
        assert (found <= 1).all()
        assert (found >= 0).all()
        against = scores({"weights": np.full(BUCKETS, -size), "intercept": -size}, ANIMALS)
        assert (against >= 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_target_may_be_one_document(seed: int) -> None:
    model = learned(ANIMALS[:1], NUMBERS, seed)
    assert scores(model, ANIMALS[:1])[0] > 0.5 > scores(model, NUMBERS[:1])[0]
    assert "held_out_auc" not in model["details"], "one document cannot be learned from and held out"


def test_the_whole_of_a_long_text_counts() -> None:
    model = learned(ANIMALS, NUMBERS)
    begins_alike = " ".join(NUMBERS[:20])
    short, long = scores(model, [begins_alike, f"{begins_alike} {' '.join(ANIMALS * 30)}"])
    assert short < 0.5 < long


@pytest.mark.parametrize("side", ["target", "corpus"])
def test_a_side_without_words_is_refused(side: str) -> None:
    sides = {"target": table(ANIMALS), "corpus": table(NUMBERS), side: table(["", " "])}
    with pytest.raises(Mistake, match=f"the {side} of classifier has no words"):
        fitted(sides, BUCKETS, 1.0, 0)


def test_a_step_scores_a_corpus_and_tells_what_was_learned(
    ray_session: None, corpus_file: Path, tmp_path: Path
) -> None:
    target = [{TEXT: f"{text} It was day {number}."} for number, text in enumerate(ANIMALS)]
    (tmp_path / "target.jsonl").write_text("".join(json.dumps(row) + "\n" for row in target))
    store = Store(str(tmp_path / "store"))
    raw = ingest(Source.model_validate({"kind": "jsonl", "path": str(corpus_file)}), store, 0.0)

    def scored(seed: int, **parameters: int) -> tuple[dict, pa.Table]:
        target = {"kind": "jsonl", "path": str(tmp_path / "target.jsonl")}
        scorer = {"kind": "classifier", "target": target, "buckets": BUCKETS, **parameters}
        step = Score.model_validate({"kind": "score", "column": "alike", "scorer": scorer})
        made = apply_step("alike", step, raw, store, seed)
        return made.details, pa.concat_tables([store.read_table(shard) for shard in made.shards]).sort_by(ID)

    details, rows = scored(0)
    assert details["documents"] == {"target": 24, "corpus": 300}
    assert details["held_out_auc"] > 0.9
    assert all(0 <= value <= 1 for value in rows["alike"].to_pylist())
    fewer, others = scored(0, sample_bytes=8_000), scored(1, sample_bytes=8_000)
    assert 0 < fewer[0]["documents"]["corpus"] < 300
    assert fewer[1]["alike"] != others[1]["alike"], "the sample is drawn by the seed, which is in the address"
