"""Several contexts and one continuation."""

from pipelines.contracts.task import Option, Task

TROPHY = ["The trophy does not fit because the trophy", "The trophy does not fit because the case"]
PAUL = ["Paul asked George, but Paul", "Paul asked George, but George"]


def row(contexts: list[str], continuation: str, gold: int) -> dict:
    return {"context_options": contexts, "continuation": continuation, "gold": gold}


def test_an_item_has_an_option_for_every_context(read) -> None:
    items = read({"kind": "schema"}, row(TROPHY, "is too large.", 0), row(PAUL, "was not there.", 1))
    (trophy,) = [item for item in items if item.gold == 0]
    assert trophy.options == tuple(Option(context, " is too large.") for context in TROPHY)
    assert trophy.text == "The trophy does not fit because the trophy is too large."


def test_twins_that_differ_in_the_continuation_are_in_one_half(real_data) -> None:
    path = str(real_data / "tasks" / "winograd.jsonl")
    task = Task.model_validate({"kind": "schema", "name": "winograd", "path": path})
    halves = [task.items("target"), task.items("held_out")]
    target, held_out = ({option.context for item in half for option in item.options} for half in halves)
    assert sum(map(len, halves)) == 273
    assert not target & held_out
