"""Rows and texts as people see them."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.texts.showing import shown, visible


def test_values_that_python_cannot_hold_are_named_by_their_type() -> None:
    raw = pa.array([b"\xff"], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 1, raw.buffers())
    rows = pa.table(
        {
            "number": [1],
            "far": pa.array([10**15], pa.timestamp("s")),
            "fine": pa.array([1], pa.duration("ns")),
            "inside": pa.StructArray.from_arrays([broken], ["text"]),
        }
    )
    (row,) = shown(rows)
    assert row["number"] == 1
    assert row["far"] == "<timestamp[s]>"
    assert row["inside"] == "<struct<text: string>>"
    assert shown(rows.slice(0, 0)) == []


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\u202eb\u2066c\u200f", "a\\u202eb\\u2066c\\u200f"),
        ("\x9b\r\ud800", "\\x9b\\r\\ud800"),
        ("é\n\tनी\u200dनी \U0001f600", "é\n\tनी\u200dनी \U0001f600"),
    ],
)
def test_what_steers_a_terminal_is_seen(text: str, seen: str) -> None:
    assert visible(text) == seen


@given(st.text())
def test_a_visible_text_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)
