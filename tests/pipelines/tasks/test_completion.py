"""A context and its continuation, under whatever keys they are."""

from pipelines.contracts.task import Item, Option, Task


def options(items: list[Item]) -> set[tuple[Option, ...]]:
    return {item.options for item in items}


def test_an_item_has_one_option_and_the_space_is_scored(read) -> None:
    rows = [
        {"context": "I don't care about", "continuation": "signs"},
        {"context": "One more ", "continuation": " try "},
    ]
    items = read({"kind": "completion"}, *rows)
    assert options(items) == {(Option("I don't care about", " signs"),), (Option("One more", " try"),)}
    assert {item.text for item in items} == {"I don't care about signs", "One more try"}


def test_keys_and_delimiter_can_be_told(read) -> None:
    rows = [{"context": "How many?", "answer": "18"}, {"context": "How much?\n", "answer": "3"}]
    items = read({"kind": "completion", "continuation": "answer", "delimiter": "\nAnswer: "}, *rows)
    assert {item.text for item in items} == {"How many?\nAnswer: 18", "How much?\nAnswer: 3"}
    assert {item.options[0].continuation for item in items} == {" 18", " 3"}


def test_the_tasks_that_are_here_are_read_whole(real_data) -> None:
    sizes = {"lambada": 5151, "squad_like": 1188, "bigbench_operators": 210, "bigbench_dyck_languages": 1000}
    for name, count in sizes.items():
        path = str(real_data / "tasks" / f"{name}.jsonl")
        task = Task.model_validate({"kind": "completion", "name": name, "path": path, "shots": 3})
        target, held_out = task.items("target"), task.items("held_out")
        assert len(target) + len(held_out) == count
        assert abs(len(target) - len(held_out)) < 0.03 * count
