"""Ids, sources and bad rows."""

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.rows import BAD
from pipelines.sources.reading.documents import Bad, bad_rows, content_ids, excerpt, identify, with_text


@given(st.lists(st.text()))
def test_an_id_is_the_hash_of_the_text(texts: list[str]) -> None:
    expected = [xxhash.xxh3_128_hexdigest(text.encode()) for text in texts]
    assert content_ids(pa.array(texts, pa.string())).to_pylist() == expected


@given(st.lists(st.text(), min_size=3), st.integers(0, 2))
def test_ids_do_not_depend_on_slices_chunks_or_the_string_type(texts: list[str], cut: int) -> None:
    whole = identify(pa.table({"text": pa.array(texts, pa.string())}), "x")["id"].to_pylist()
    chunked = pa.chunked_array([texts[:cut], texts[cut:]], pa.large_string())
    assert identify(pa.table({"text": chunked}), "x")["id"].to_pylist() == whole
    assert identify(pa.table({"text": texts}).slice(cut), "x")["id"].to_pylist() == whole[cut:]


def test_the_columns_come_in_order_and_the_raw_id_is_kept_as_text() -> None:
    rows = pa.table({"genre": ["a"], "id": [7], "text": ["one"], "score": [0.5]})
    documents = identify(rows, "part-0.jsonl")
    assert documents.column_names == ["id", "text", "source", "genre", "source_id", "score"]
    assert documents["source"].to_pylist() == ["part-0.jsonl"]
    assert documents["source_id"].to_pylist() == ["7"]


def test_the_rows_own_source_counts_and_gaps_are_filled() -> None:
    documents = identify(pa.table({"text": ["one", "two"], "source": ["wiki", None]}), "file")
    assert documents["source"].to_pylist() == ["wiki", "file"]
    assert documents.column_names == ["id", "text", "source"]


def test_a_source_that_is_no_word_makes_room() -> None:
    documents = identify(pa.table({"text": ["one"], "source": [{"url": "x"}]}), "file")
    assert documents["source"].to_pylist() == ["file"]
    assert documents["source_source"].to_pylist() == [{"url": "x"}]


def test_nothing_is_lost_when_a_kept_name_is_taken() -> None:
    documents = identify(pa.table({"text": ["one"], "id": ["a"], "source_id": ["b"]}), "file")
    assert documents["source_id"].to_pylist() == ["b"]
    assert documents["source_source_id"].to_pylist() == ["a"]


@given(st.lists(st.one_of(st.none(), st.text(" \t\n\u00a0\u3000ab", max_size=4))))
def test_rows_without_a_visible_text_are_told_apart(texts: list[str | None]) -> None:
    lines = np.arange(10, 10 + len(texts))
    read = with_text(pa.table({"text": pa.array(texts, pa.string())}), lines, "f")
    assert read.rows["text"].to_pylist() == [text for text in texts if text and text.strip()]
    expected = [
        (line, "no_text" if text is None else "empty")
        for line, text in zip(lines.tolist(), texts, strict=True)
        if not (text and text.strip())
    ]
    assert list(zip(read.bad["line"].to_pylist(), read.bad["reason"].to_pylist(), strict=True)) == expected
    assert read.bad.schema == BAD


@pytest.mark.parametrize("content", ["a\x00b\nc" * 100, b"\xff\xfe\x00" * 200, "", "é" * 300])
def test_an_excerpt_is_short_and_printable(content: str | bytes) -> None:
    assert len(excerpt(content)) <= 200
    assert excerpt(content).isprintable()


def test_bad_rows_follow_the_schema() -> None:
    table = bad_rows("f", [Bad(3, "empty", ""), Bad(None, "unreadable_file", b"\xff", None)])
    assert table.schema == BAD
    row = {"file": "f", "line": None, "reason": "unreadable_file", "excerpt": "\\xff", "rows": None}
    assert table.to_pylist()[1] == row


@pytest.mark.parametrize("nested", [[["a"]], [{"kind": "a"}]])
def test_a_genre_that_holds_more_than_one_value_is_none(nested: list) -> None:
    documents = identify(pa.table({"text": ["one"], "genre": nested}), "file")
    assert documents["source_genre"].to_pylist() == nested
    assert "genre" not in documents.column_names


def test_a_genre_is_text() -> None:
    assert identify(pa.table({"text": ["one"], "genre": [7]}), "file")["genre"].to_pylist() == ["7"]
