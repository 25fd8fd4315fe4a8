"""The report of finished runs names its held-out text as people do."""

from typing import Any

import pytest

from cluster.report.make import text_name


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"kind": "jsonl", "path": "texts/held-out.jsonl", "text": "text"}, "texts/held-out.jsonl (jsonl)"),
        ({"kind": "text", "path": ["a.txt", "b.txt"]}, "a.txt, b.txt (text)"),
        ({"kind": "python_topics", "half": "evaluation"}, "python_topics(half=evaluation)"),
    ],
)
def test_a_text_is_named_by_its_path_else_by_its_kind_and_parameters(source: dict[str, Any], expected: str) -> None:
    assert text_name(source) == expected
