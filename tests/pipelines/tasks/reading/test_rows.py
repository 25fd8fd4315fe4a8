"""What a row has to hold, and how it is told where it does not."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.tasks.reading.rows import Row, WrongRowError, read_items
from pipelines.tasks.reading.wording import item, option


def told(row: Any, name: str, *arguments: Any) -> str:
    with pytest.raises(WrongRowError) as caught:
        getattr(Row(row), name)(*arguments)
    return str(caught.value)


def test_what_is_there_is_given_as_it_is() -> None:
    row = Row({"text": " a ", "texts": ["b", "c "], "place": 1})
    assert (row.text("text"), row.texts("texts"), row.place("place", 2)) == (" a ", ["b", "c "], 1)


def test_what_is_wrong_is_told() -> None:
    assert told({"b": 1, "a": 2}, "text", "c") == "there is no `c`, only a, b"
    assert told({}, "text", "c") == "there is no `c`, only an empty object"
    assert told({"c": None}, "text", "c") == "`c` is null, and has to be a text"
    assert told({"c": "\n"}, "text", "c") == "`c` is empty"
    assert told({"c": ["a"]}, "texts", "c") == "`c` is a list, and has to be a list of two or more texts"
    assert told({"c": ["a", 4]}, "texts", "c") == "`c.1` is the number 4, and has to be a text"
    assert told({"c": 2}, "place", "c", 2) == "`c` is the number 2, and has to be a whole number from 0 to 1"
    assert told({"c": True}, "place", "c", 2) == "`c` is true, and has to be a whole number from 0 to 1"


def test_equal_rows_are_one_item(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"a": "x"}\n\n{"a": "y"}\n{"a":"x"}', encoding="utf-8")
    items = read_items([str(file)], lambda row: item([option(row.text("a"), " ", "so")], 0))
    assert [each.text for each in items.values()] == ["x so", "y so"]


def test_a_file_that_breaks_off_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"a": "x"}\n' * 9)[:-9])
    with pytest.raises(
        Mistake, match=r"a\.jsonl\.gz', line \d+, cannot be read \(truncated_file: .*\); a task has to be"
    ):
        read_items([str(file)], lambda row: item([option(row.text("a"), " ", "so")], 0))


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"a\.jsonl', line 1, cannot be read \(unreadable_file: "):
        read_items([str(tmp_path / "a.jsonl")], lambda row: item([option(row.text("a"), " ", "so")], 0))
