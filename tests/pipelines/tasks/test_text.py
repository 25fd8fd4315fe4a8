"""Texts that are scored whole."""

import pytest

from pipelines.contracts.task import Option, Task


def test_a_text_is_scored_as_it_is(read) -> None:
    texts = [" Two lines,\nand a blank at the end. ", "為什麼"]
    items = read({"kind": "text"}, *({"text": text} for text in texts))
    assert {item.options for item in items} == {(Option("", text),) for text in texts}
    assert {item.text for item in items} == set(texts)


def test_the_key_can_be_told(read) -> None:
    assert {item.text for item in read({"kind": "text", "text": "body"}, {"body": "a"}, {"body": "b"})} == {"a", "b"}


def test_there_are_no_examples_before_a_text() -> None:
    with pytest.raises(ValueError, match="Input should be 0"):
        Task.model_validate({"kind": "text", "name": "mine", "path": "a.jsonl", "shots": 1})
