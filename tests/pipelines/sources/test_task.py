"""A half of a task as documents, wherever a source is taken."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.contracts.source import Source
from pipelines.contracts.step import Step
from pipelines.sources.reading.ingest import read_all
from pipelines.stage import apply_step, ingest
from pipelines.steps.decontaminate import Decontaminate
from pipelines.store.address import ingredients
from pipelines.store.store import Store


@pytest.fixture
def task(tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "questions.jsonl"
    rows = [
        {"context": f"What is {n} and {n * 7 % 13}?", "continuation": f"It is {n + n * 7 % 13}."} for n in range(20)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return {"kind": "completion", "name": "sums", "path": str(file), "shots": 3}


def source(task: dict[str, Any], half: str) -> Source:
    return Source.model_validate({"kind": "task", "task": task, "half": half})


def documents(task: dict[str, Any], half: str) -> pa.Table:
    return read_all(source(task, half))


def test_the_items_of_a_half_are_documents_without_examples(task: dict[str, Any]) -> None:
    target, held_out = (documents(task, half) for half in ("target", "held_out"))
    texts = [*target["text"].to_pylist(), *held_out["text"].to_pylist()]
    assert sorted(texts) == sorted(f"What is {n} and {n * 7 % 13}? It is {n + n * 7 % 13}." for n in range(20))
    assert target.num_rows == held_out.num_rows == 10
    assert set(target["genre"].to_pylist()) == {"sums"}


def test_the_size_is_that_of_the_texts(task: dict[str, Any]) -> None:
    assert source(task, "target").size("sums") == sum(map(len, documents(task, "target")["text"].to_pylist()))


def test_a_wrong_row_is_a_mistake_before_any_work(task: dict[str, Any]) -> None:
    with open(task["path"], "a", encoding="utf-8") as file:
        file.write('{"context": "What?"}\n')
    with pytest.raises(ValueError, match=r"line 21: there is no `continuation`, only context"):
        source(task, "target").check()


def test_another_half_or_content_is_another_address(task: dict[str, Any]) -> None:
    found = [ingredients(source(task, half)) for half in ("target", "held_out")]
    with open(task["path"], "a", encoding="utf-8") as file:
        file.write('{"context": "What?", "continuation": "That."}\n')
    found.append(ingredients(source(task, "target")))
    assert found[0] != found[1]
    assert found[0] != found[2]
    assert "path" not in found[0]["task"]


def test_candidates_that_hold_a_held_out_item_are_dropped_with_the_evidence(task: dict[str, Any]) -> None:
    against = {"sums": {"kind": "task", "task": task, "half": "held_out"}}
    step = Decontaminate.model_validate({"against": against, "words": 8})
    judge = step.open(step.fit(None, 0), 0)  # type: ignore[arg-type]  # it looks at no corpus
    target, held_out = (documents(task, half)["text"].to_pylist() for half in ("target", "held_out"))
    texts = [f"Found elsewhere: {held_out[0].upper()} So it was.", f"Found: {target[0]}", "nothing of either"]
    outcome = judge(pa.table({"id": ["a", "b", "c"], "text": texts}), None)  # type: ignore[arg-type]
    assert outcome.rows["id"].to_pylist() == ["b", "c"]
    (dropped,) = outcome.dropped.to_pylist()
    assert (dropped["id"], dropped["reason"]) == ("a", "held_out:sums")
    assert "WHAT IS" in dropped["detail"]


@pytest.mark.parametrize("name", ["lambada", "squad_like"])
def test_no_document_of_one_half_is_contaminated_by_the_other(name: str, real_data: Path) -> None:
    task = {"kind": "completion", "name": name, "path": str(real_data / "tasks" / f"{name}.jsonl")}
    held_out = {"kind": "task", "task": task, "half": "held_out"}
    step = Decontaminate.model_validate({"against": {"test": held_out}})
    judge = step.open(step.fit(None, 0), 0)  # type: ignore[arg-type]  # it looks at no corpus
    outcome = judge(documents(task, "target"), None)  # type: ignore[arg-type]
    assert outcome.dropped.num_rows == 0
    assert judge(documents(task, "held_out"), None).rows.num_rows < outcome.rows.num_rows  # type: ignore[arg-type]


def test_a_half_steers_a_selection_from_another_corpus(
    task: dict[str, Any], tmp_path: Path, corpus_file: Path, ray_session: None
) -> None:
    store = Store(str(tmp_path / "store"))
    corpus = Source.model_validate(
        {
            "kind": "mixture",
            "parts": {
                "sums": {"source": {"kind": "task", "task": task, "half": "held_out"}},
                "things": {"source": {"kind": "jsonl", "path": str(corpus_file)}},
            },
        }
    )
    read = ingest(corpus, store, 0.0)
    scorer = {"kind": "ngram_importance", "target": {"kind": "task", "task": task}, "normalize": "mean_per_token"}
    step = Step.model_validate({"kind": "score", "column": "likeness", "scorer": scorer})
    scored = apply_step("likeness", step, read, store, 0)
    rows = pa.concat_tables([store.read_table(shard).select(["source", "likeness"]) for shard in scored.shards])
    best = rows.sort_by([("likeness", "descending")])["source"].to_pylist()
    assert best == ["sums"] * 10 + ["things"] * 300
