"""Plain tables: view types go at any depth, values stay."""

import pyarrow as pa
import pytest

from pipelines.sources.reading.plain import plain, valid

STRINGS = pa.string_view()
LINKS = pa.struct([("url", STRINGS), ("rank", pa.int64())])
COLUMNS = {
    "strings": pa.array(["a", None, "bb"], STRINGS),
    "bytes": pa.array([b"a", None, b"\xff"], pa.binary_view()),
    "lists": pa.array([["a"], None, []], pa.list_(STRINGS)),
    "views of lists": pa.array([["a"], None, []], pa.list_view(STRINGS)),
    "structs": pa.array([{"url": "a", "rank": 1}, None, {"url": None, "rank": 2}], LINKS),
    "lists of structs": pa.array([[{"url": "a", "rank": 1}], None, []], pa.large_list(LINKS)),
    "maps": pa.array([[("k", "v")], None, []], pa.map_(pa.string(), STRINGS)),
    "numbers": pa.array([1, None, 3]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_values_stay_and_can_be_filtered_and_taken(name: str) -> None:
    before = pa.table({name: COLUMNS[name]})
    after = plain(before)
    assert "view" not in str(after.schema.field(name).type)
    assert after[name].to_pylist() == before[name].to_pylist()
    assert after.filter(pa.array([True, False, True])).take(pa.array([1])).num_rows == 1


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_what_is_no_utf8_is_replaced(kind: pa.DataType) -> None:
    raw = pa.array([b"caf\xc3\xa9", b"caf\xe9", None], pa.large_binary() if kind == pa.large_string() else pa.binary())
    unchecked = pa.Array.from_buffers(kind, len(raw), raw.buffers(), raw.null_count)
    assert valid(pa.chunked_array([unchecked])).to_pylist() == ["café", "caf\ufffd", None]
