"""One question and several answers."""

from pipelines.contracts.task import Option, Task

FAUCET = {"query": "The man turned on the faucet, so", "choices": ["it broke.", "water flowed."], "gold": 1}
BUG = {"query": "The girl found a bug, so", "choices": ["she ate.", "she lost her appetite.", "no"], "gold": 0}


def test_an_item_has_an_option_for_every_choice(read) -> None:
    faucet, bug = sorted(read({"kind": "multiple_choice"}, FAUCET, BUG), key=lambda item: len(item.options))
    query = "The man turned on the faucet, so"
    assert faucet.options == (Option(query, " it broke."), Option(query, " water flowed."))
    assert faucet.gold == 1
    assert faucet.text == "The man turned on the faucet, so water flowed."
    assert (len(bug.options), bug.gold) == (3, 0)


def test_keys_and_delimiter_can_be_told(read) -> None:
    rows = [{"question": row["query"], "answers": row["choices"], "label": row["gold"]} for row in (FAUCET, BUG)]
    told = {"query": "question", "choices": "answers", "gold": "label", "delimiter": "\nAnswer: "}
    texts = {item.text for item in read({"kind": "multiple_choice", **told}, *rows)}
    assert "The girl found a bug, so\nAnswer: she ate." in texts


def test_the_tasks_that_are_here_are_read_whole(real_data) -> None:
    for name, count, choices in (("arc_easy", 2376, {4}), ("piqa", 1838, {2}), ("copa", 100, {2})):
        path = str(real_data / "tasks" / f"{name}.jsonl")
        task = Task.model_validate({"kind": "multiple_choice", "name": name, "path": path})
        items = [*task.items("target"), *task.items("held_out")]
        assert len(items) == count
        assert {len(item.options) for item in items} == choices
