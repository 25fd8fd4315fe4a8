"""YAML in configs: what people write is what is read, and what is written is read again."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from training.yaml_text import on_one_line, parse, write

WRITTEN = {
    "no": "no",
    "on": "on",
    "0123": 123,
    "1:30": "1:30",
    "5e6": 5_000_000.0,
    "1e-5": 1e-5,
    "2_000_000": 2_000_000,
    "0x1f": 31,
    "0o17": 15,
    "2026-01-01": "2026-01-01",
    "true": True,
    "~": None,
    "": None,
    "-3": -3,
    "1.": 1.0,
    ".5": 0.5,
    ".inf": float("inf"),
    "'5e6'": "5e6",
}
TEXT = st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" \n"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.sampled_from([*WRITTEN])
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))


@pytest.mark.parametrize("text", WRITTEN)
def test_scalars_are_what_people_mean(text: str) -> None:
    found = parse(f"key: {text}")["key"]
    assert (type(found), found) == (type(WRITTEN[text]), WRITTEN[text])


@given(TREES)
def test_what_is_written_is_read_again(tree: object) -> None:
    assert parse(write({"key": tree})) == {"key": tree}
    assert parse(on_one_line({"key": tree})) == {"key": tree}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a: 1\nb: 2\na: 3", "lines 1 and 3"),
        ("x:\n  steps:\n    a: {kind: b}\n    a: {kind: c}", "lines 3 and 4"),
        ("{a: 1, 'a': 2}", "lines 1 and 1"),
        ("- a: 1\n  a: 1", "lines 1 and 2"),
    ],
)
def test_a_key_that_is_there_twice_is_refused_with_both_lines(text: str, lines: str) -> None:
    with pytest.raises(yaml.YAMLError, match=rf"the key 'a' is there twice, in {lines}"):
        parse(text)


def test_a_merged_mapping_may_be_overridden() -> None:
    assert parse("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  a: 3")["y"] == {"a": 3, "b": 2}


def test_no_object_is_made_of_a_tag() -> None:
    with pytest.raises(yaml.YAMLError):
        parse("!!python/object/apply:os.system ['true']")
