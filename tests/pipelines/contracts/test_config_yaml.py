"""The YAML of configs: what it reads, what it refuses, and that what it writes is read back, by other readers too."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.config_yaml import label, read, written

ODD = ["no", "on", "0123", "1:30", "5e6", "1_000", "2026-11-26", "0o17", "0x1F", "<<", "~", "", ".inf", "1e3", "-", "="]
ASCII = st.text(st.characters(codec="ascii"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | ASCII | st.sampled_from(ODD)


@given(
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
        max_leaves=6,
    )
)
def test_the_label_of_a_value_is_one_line_that_reads_back_as_the_value(value: Any) -> None:
    text = label(value)
    assert "\n" not in text
    assert read(text, "x") == value
    assert read(written(value), "x") == value
    assert yaml.safe_load(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5e6", 5e6),
        ("1_000", 1000),
        ("1_000.5", 1000.5),
        ("0123", 123),
        ("-3", -3),
        ("0x1F", 31),
        ("0o17", 15),
        (".5", 0.5),
        ("True", True),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2026-11-26", "2026-11-26"),
        ("1__0", "1__0"),
        ("'5'", "5"),
        ("{a: &x {b: 1}, c: {<<: *x, b: 2}}", {"a": {"b": 1}, "c": {"b": 2}}),
    ],
)
def test_plain_words_are_the_core_types_of_yaml_1_2(text: str, value: Any) -> None:
    found = read(text, "x")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\nb: 2\na: 3", "x has the key 'a' twice, in lines 1 and 3; keep one of them"),
        ("- {b: {a: 1, 'a': 2}}", "x has the key 'a' twice, in lines 1 and 1; keep one of them"),
        ("a: &a {b: *a}", "x is no YAML: line 1, column 4: found unconstructable recursive node"),
        ("!!int '1:30'", "x is no YAML: invalid literal for int"),
        ("---\n---\n", "x is no YAML: line 2, column 1: but found another document"),
    ],
)
def test_what_is_no_config_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        read(text, "x")
    assert "\n" not in str(caught.value)
