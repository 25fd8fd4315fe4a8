"""A target's passages: what is told of a task is its continuations, and of a source every token."""

import json
from pathlib import Path

import pytest

from pipelines.datamodel import DatamodelConfig, Target, datamodel_addresses
from pipelines.inference.tokenizing import open_tokenizer
from pipelines.store.address import ingredients

ROWS = [{"context": f"Question {number}: the cat", "continuation": f"sat on mat {number}."} for number in range(8)]


@pytest.fixture
def task(tmp_path: Path) -> dict[str, object]:
    (tmp_path / "task.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return {"kind": "completion", "name": "mats", "path": str(tmp_path / "task.jsonl")}


def test_only_continuations_are_told_and_no_token_spans_both(task: dict[str, object], tiny_llama: Path) -> None:
    tokenize = open_tokenizer(str(tiny_llama), None)
    target = Target.model_validate({"task": task})
    assert target.task is not None
    found = target.passages(tokenize)
    items = target.task.items("target")
    assert len(found) == len(items) > 0
    for passage, item in zip(found, items, strict=True):
        (option,) = item.options
        (context,), (continuation,) = tokenize([option.context]), tokenize([option.continuation])
        begin = context[0]
        assert passage.tokens == [*context, *continuation[1:]], "one begin token, not two"
        assert list(passage.tokens).count(begin) == 1
        assert passage.tokens[passage.first :] == continuation[1:]
        assert passage.tokens[passage.first :], "every continuation has a token of its own"


def test_of_a_source_all_is_told(tmp_path: Path, tiny_llama: Path) -> None:
    (tmp_path / "text.txt").write_text("The cat sat.")
    tokenize = open_tokenizer(str(tiny_llama), None)
    target = Target.model_validate({"source": {"kind": "text", "path": str(tmp_path / "text.txt")}})
    (passage,) = target.passages(tokenize)
    assert passage.tokens == tokenize(["The cat sat."])[0]
    assert passage.first == 1


@pytest.mark.parametrize("both", [True, False])
def test_a_target_is_one_thing(both: bool, task: dict[str, object], tmp_path: Path) -> None:
    given = {"task": task, "source": {"kind": "text", "path": str(tmp_path)}} if both else {}
    with pytest.raises(ValueError, match="a target is a `task` or a `source`; give one of them"):
        Target.model_validate(given)


def test_where_it_runs_is_no_ingredient(task: dict[str, object], tiny_llama: Path) -> None:
    def made(**features: object) -> object:
        tree = {"models": [str(tiny_llama)], "targets": {"mats": {"task": task}}, "features": features}
        config = DatamodelConfig.model_validate(tree)
        config.check()
        return ingredients(config)

    assert made(workers=3, batch_tokens=7) == made()
    assert made(context=64) != made()


def test_weights_are_an_ingredient_only_where_they_are_not_equal(task: dict[str, object], tiny_llama: Path) -> None:
    def address(**given: object) -> str:
        tree = {"models": [str(tiny_llama)], "targets": {"mats": {"task": task}}, **given}
        return datamodel_addresses(DatamodelConfig.model_validate(tree), "select-0123456789ab", 0)["datamodel"]

    assert address() == address(weights="equal") != address(weights="doubt")
    with pytest.raises(ValueError, match=r"take `features\.output: margin`, or weights `equal`"):
        address(weights="doubt", features={"output": "loss"})
