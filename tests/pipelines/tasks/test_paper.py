"""The tasks of the paper, by their names."""

from collections import Counter
from typing import Any

import pytest

from pipelines.contracts.mistakes import mistakes
from pipelines.contracts.task import Task
from pipelines.tasks.paper import PRESETS
from pipelines.tasks.paper import Paper as PaperTask

TARGETS = {"squad": 3, "jeopardy": 3, "cs_algorithms": 0, "lambada": 0}


def paper(task: str, **more: Any) -> Task:
    return Task.model_validate({"kind": "paper", "task": task, "path": "rows.jsonl", **more})


def test_the_targets_have_the_examples_of_the_paper() -> None:
    assert {task: paper(task).shots for task in TARGETS} == TARGETS


def test_the_benchmarks_are_three_of_each_category() -> None:
    benchmarks = [task for task in PRESETS if task not in TARGETS]
    assert len(benchmarks) == 15
    assert set(Counter(paper(task).category for task in benchmarks).values()) == {3}
    assert {paper(task).category for task in TARGETS} < {paper(task).category for task in benchmarks}


@pytest.mark.parametrize("task", PRESETS)
def test_every_task_is_one_of_a_kind_and_told_in_the_documentation(task: str) -> None:
    assert paper(task).name == task
    assert task in str(PaperTask.__doc__)
    assert PRESETS[task].kind in ("completion", "multiple_choice", "schema")


def test_name_category_and_examples_can_be_given() -> None:
    task = paper("squad", name="squad-1", category="questions", shots=1)
    assert (task.name, task.category, task.shots) == ("squad-1", "questions", 1)


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 character"):
        paper("squad", name="")


def test_a_task_that_is_none_of_the_paper_is_told_with_the_closest() -> None:
    with pytest.raises(ValueError, match=r"squad") as caught:
        paper("sqaud")
    (told,) = mistakes(caught.value)  # type: ignore[arg-type]
    assert told.startswith("task: no task 'sqaud' in the paper; did you mean 'squad'? known: squad, jeopardy, ")


@pytest.mark.parametrize("name", ["arc_easy", "copa", "piqa", "lambada"])
def test_rows_are_read_as_the_kind_does(name: str, real_data) -> None:
    path = str(real_data / "tasks" / f"{name}.jsonl")
    task = paper(name, path=path)
    kind = {"completion": {}, "multiple_choice": {}}
    preset = PRESETS[name]
    same = Task.model_validate(
        {
            "kind": preset.kind,
            "name": name,
            "path": path,
            "shots": preset.shots,
            **kind[preset.kind],
            **preset.parameters,
        }
    )
    assert task.items("held_out") == same.items("held_out")
    assert ("\nAnswer:" in task.items("target")[0].text) == (name in ("arc_easy", "piqa"))


def test_the_fingerprint_tells_how_the_rows_are_read(tmp_path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n")
    found = [paper(task, path=str(tmp_path)).fingerprint() for task in ("copa", "piqa", "winogrande")]
    assert len({tuple(sorted(each.items())) for each in found}) == 3
