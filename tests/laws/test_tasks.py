"""What holds for every kind of task, so that a new file is tested the moment it exists."""

import json
import pickle
import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.contracts.component import component_in, kinds
from pipelines.contracts.task import Half, Item, Task

KINDS = kinds(Task.family)
HALVES: tuple[Half, ...] = ("target", "held_out")
COUNT = 40
WORDS = [f"{first}{second}" for first in "badefgilmnoprstuvy" for second in ("an", "el", "im", "or", "ut", "ay", "ock")]

Values = dict[str, Any]


def words(seed: int, count: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=count))


# Of each kind a row whose long text is given, and what of it a mistaken row would have.
ROWS: dict[str, Callable[[int, str], Values]] = {
    "completion": lambda n, text: {"context": text, "continuation": words(n + 500, 2)},
    "multiple_choice": lambda n, text: {
        "query": text,
        "choices": [words(n + 500, 2), words(n + 900, 2)],
        "gold": n % 2,
    },
    "schema": lambda n, text: {
        "context_options": [text, f"{text} so"],
        "continuation": words(n + 500, 2),
        "gold": n % 2,
    },
    "text": lambda n, text: {"text": text},
    "paper": lambda n, text: {"context": text, "continuation": words(n + 500, 2)},
}
PARAMETERS: dict[str, Values] = {"paper": {"task": "lambada"}}
WITHOUT_EXAMPLES = {"text"}
every_kind = pytest.mark.parametrize("kind", KINDS)


def rows(kind: str, texts: Iterable[str]) -> list[Values]:
    if kind not in ROWS:
        pytest.fail(f"task '{kind}' is new: add a row of it to ROWS of this file")
    return [ROWS[kind](number, text) for number, text in enumerate(texts)]


def made(kind: str, folder: Path, *files: list[Values], **more: Any) -> Task:
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(files):
        (folder / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
    return Task.model_validate({"kind": kind, "name": "mine", "path": str(folder), **PARAMETERS.get(kind, {}), **more})


def example(kind: str, folder: Path, **more: Any) -> Task:
    return made(kind, folder, rows(kind, (words(number, 30) for number in range(COUNT))), **more)


def both(task: Task) -> list[Item]:
    return [item for half in HALVES for item in task.items(half)]


def in_full(item: Item) -> str:
    return " ".join(option.context + option.continuation for option in item.options)


def runs(items: Iterable[Item]) -> set[str]:
    """All 13 words in a row of all options: the slow way."""
    found = set()
    for item in items:
        for option in item.options:
            spoken = re.findall(r"\w+", (option.context + option.continuation).lower())
            found |= {" ".join(spoken[start : start + 13]) for start in range(len(spoken) - 12)}
    return found


@every_kind
def test_file_holds_its_kind(kind: str) -> None:
    component = component_in(f"{Task.family}.{kind}", Task)
    assert component.__name__.lower() == kind.replace("_", "")
    assert component.__doc__


@every_kind
def test_round_trips_through_yaml_and_pickle(kind: str, tmp_path: Path) -> None:
    task = example(kind, tmp_path, category="language", seed=3)
    assert Task.model_validate(yaml.safe_load(yaml.safe_dump(task.model_dump(mode="json")))) == task
    assert pickle.loads(pickle.dumps(task)) == task
    assert (task.name, task.category, task.shots, task.seed) == ("mine", "language", 0, 3)


@every_kind
def test_the_halves_are_all_items_each_once_and_of_about_one_size(kind: str, tmp_path: Path) -> None:
    task = example(kind, tmp_path)
    task.check()
    target, held_out = (task.items(half) for half in HALVES)
    ids = [item.id for item in (*target, *held_out)]
    assert len(set(ids)) == len(ids) == COUNT
    assert all(re.fullmatch("[0-9a-f]{32}", id_) for id_ in ids)
    assert abs(len(target) - len(held_out)) <= 2
    for half in (target, held_out):
        assert [item.id for item in half] == sorted(item.id for item in half)


@every_kind
def test_every_option_has_something_to_score_and_one_is_right(kind: str, tmp_path: Path) -> None:
    for item in both(example(kind, tmp_path)):
        assert 0 <= item.gold < len(item.options)
        assert item.text == item.options[item.gold].context + item.options[item.gold].continuation
        for option in item.options:
            assert option.continuation.strip()
            assert option.context == option.context.rstrip()


@every_kind
def test_a_second_reading_gives_the_same(kind: str, tmp_path: Path) -> None:
    task = example(kind, tmp_path)
    assert both(task) == both(task)
    assert task.fingerprint() == task.fingerprint()
    assert all(isinstance(value, str) for value in task.fingerprint().values())


@every_kind
def test_the_fingerprint_follows_the_content_and_not_the_place(kind: str, tmp_path: Path) -> None:
    tasks = [example(kind, tmp_path / name) for name in ("one", "two", "three")]
    with open(tmp_path / "three" / "0.jsonl", "a", encoding="utf-8") as file:
        file.write("\n")
    prints = [task.fingerprint() for task in tasks]
    assert prints[0] == prints[1] != prints[2]
    assert both(tasks[0]) == both(tasks[2])  # blank lines are passed over


@every_kind
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows_and_their_files_change_nothing(kind: str, seed: int, tmp_path: Path) -> None:
    shots = {} if kind in WITHOUT_EXAMPLES else {"shots": 2}
    ordered = rows(kind, (words(number, 30) for number in range(COUNT)))
    mixed = random.Random(seed).sample(ordered, COUNT)
    one = made(kind, tmp_path / "one", ordered, **shots)
    other = made(kind, tmp_path / "other", mixed[:7], mixed[7:], mixed[3:5], **shots)
    assert [one.items(half) for half in HALVES] == [other.items(half) for half in HALVES]


@every_kind
def test_items_that_share_13_words_in_a_row_are_in_one_half(kind: str, tmp_path: Path) -> None:
    quotes = [words(1000 + number, 13) for number in range(COUNT // 2)]
    texts = [f"{words(number, 9)} {quotes[number // 2]} {words(number + 70, 9)}" for number in range(COUNT)]
    task = made(kind, tmp_path, rows(kind, texts))
    target, held_out = (task.items(half) for half in HALVES)
    assert target
    assert held_out
    assert not runs(target) & runs(held_out)
    for quote in quotes:
        assert sum(quote in in_full(item) for item in target) in (0, 2)


@every_kind
def test_short_items_with_one_text_are_in_one_half(kind: str, tmp_path: Path) -> None:
    texts = [words(number // 2, 6) for number in range(COUNT)]
    task = made(kind, tmp_path, rows(kind, texts))
    target, held_out = (
        {text for text in texts for item in task.items(half) if text in in_full(item)} for half in HALVES
    )
    assert target
    assert held_out
    assert not target & held_out


@every_kind
def test_an_instruction_that_all_items_have_relates_none(kind: str, tmp_path: Path) -> None:
    instruction = words(77, 20)
    task = made(kind, tmp_path, rows(kind, (f"{instruction}: {words(number, 8)}" for number in range(COUNT))))
    assert [len(task.items(half)) for half in HALVES] == [COUNT // 2, COUNT // 2]


@every_kind
def test_items_that_are_all_related_cannot_be_halved(kind: str, tmp_path: Path) -> None:
    task = made(kind, tmp_path, rows(kind, (f"{words(77, 13)} {words(number, 8)}" for number in range(5))))
    with pytest.raises(ValueError, match="task 'mine' cannot be halved: its 5 items are all related"):
        task.check()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - WITHOUT_EXAMPLES))
def test_examples_are_other_items_of_the_target_half(kind: str, tmp_path: Path) -> None:
    bare = example(kind, tmp_path)
    task = bare.model_copy(update={"shots": 3})
    target = [item.text for item in bare.items("target")]
    used = []
    for half in HALVES:
        for before, item in zip(bare.items(half), task.items(half), strict=True):
            assert (item.id, item.gold) == (before.id, before.gold)
            for plain, option in zip(before.options, item.options, strict=True):
                assert option.continuation == plain.continuation
                *shown, last = option.context.split("\n")
                assert last == plain.context
                assert len(set(shown)) == 3
                assert set(shown) <= set(target) - {before.text}
            used += shown
    assert set(used) == set(target)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - WITHOUT_EXAMPLES))
def test_the_seed_draws_other_examples_and_moves_no_item(kind: str, tmp_path: Path) -> None:
    one, other = (example(kind, tmp_path, shots=2, seed=seed) for seed in (0, 1))
    for half in HALVES:
        first, second = one.items(half), other.items(half)
        assert [item.id for item in first] == [item.id for item in second]
        assert [item.options for item in first] != [item.options for item in second]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - WITHOUT_EXAMPLES))
def test_more_examples_than_there_are_is_told_with_the_most_there_can_be(kind: str, tmp_path: Path) -> None:
    assert example(kind, tmp_path, shots=COUNT // 2 - 1).items("held_out")
    with pytest.raises(
        ValueError, match=f"task 'mine' has {COUNT // 2} items .* set `shots` to {COUNT // 2 - 1} at most"
    ):
        example(kind, tmp_path, shots=COUNT // 2).check()


@every_kind
def test_a_row_with_a_hole_is_told_with_its_file_and_line(kind: str, tmp_path: Path) -> None:
    good = rows(kind, (words(number, 30) for number in range(COUNT)))
    for key, value in good[0].items():
        wrong: list[Any] = ["", "  ", None, 5, True, {}, [], ["only one"], [value, 3], [value, " "]]
        wrong = [each for each in wrong if type(each) is not type(value) or not (isinstance(value, int) and each == 0)]
        broken = [{**good[0], key: each} for each in wrong]
        broken.append({name: other for name, other in good[0].items() if name != key})
        broken += [{**good[0], key: number} for number in (-1, 2, 1.0)] if isinstance(value, int) else []
        for row in broken:
            task = made(kind, tmp_path, good, [*good[1:3], row, good[3]])
            with pytest.raises(
                ValueError, match=rf"/1\.jsonl', line 3: .*`{key}.*; a task has to be whole: mend the file"
            ):
                task.check()


@every_kind
@pytest.mark.parametrize("line", [b"{", b"[1]", b"null", b'"text"', b"\xff\xfe", b'{"a": "\\ud800"}', b"nan"])
def test_a_line_that_is_no_object_is_told_with_its_file_and_line(kind: str, line: bytes, tmp_path: Path) -> None:
    task = example(kind, tmp_path)
    with open(tmp_path / "0.jsonl", "ab") as file:
        file.write(b"\n" + line + b"\n")
    with pytest.raises(ValueError, match=rf"/0\.jsonl', line {COUNT + 2}: .*mend the file"):
        task.items("held_out")


@every_kind
@pytest.mark.parametrize("path", ["", [], "missing.jsonl", "empty"])
def test_a_path_that_names_no_file_is_told(kind: str, path: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    named = f"{tmp_path}/{path}" if path else path
    with pytest.raises(ValueError, match=r"no file|there is no"):
        Task.model_validate({"kind": kind, "name": "mine", **PARAMETERS.get(kind, {}), "path": named}).check()
