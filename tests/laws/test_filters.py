"""What holds for every kind of filter, so that a new file is tested the moment it exists."""

import functools
import pickle
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.component import component_in, kinds
from pipelines.contracts.filter import Filter, FilterFn

pytestmark = pytest.mark.parametrize("kind", kinds(Filter.family))
REASON = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PROSE = "The quick brown fox jumps over the lazy dog, and that is what they have to live with. It would be of use. "
ODD = [
    "",
    " ",
    "\n\n\n",
    "a",
    "\x00\x1c\u2028\u00a0\u3000",
    "\ufffd" * 50,
    "e\u0301" * 100,
    "👩‍👩‍👧‍👦" * 40,
    "\U0010ffff\U000e0001\ue000",
    "ΑΒΓ " * 60,
    "זהו טקסט בעברית " * 20,
    "これは日本語の文章です。" * 30,
    "QmFzZTY0IGlzIG5vdCBhIGxhbmd1YWdlIGF0IGFsbA==" * 5,
    "{};\n" * 40,
    "... … - • #\n" * 30,
    "http://a.b/c www.d.e\n" * 10,
    "same line\n" * 50,
    PROSE * 3,
    "".join(f"{number}. {PROSE}\n\n" for number in range(400)),
]
texts = st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=200), st.text("ab \n.#-é\u2003", max_size=200)))


@functools.cache
def judge_of(kind: str) -> FilterFn:
    return Filter.model_validate({"kind": kind}).open()


def verdicts(kind: str, rows: list[str], string_type: pa.DataType | None = None) -> list[str | None]:
    return judge_of(kind)(pa.array(rows, string_type or pa.string())).to_pylist()


def test_file_holds_its_kind(kind: str) -> None:
    component = component_in(f"{Filter.family}.{kind}", Filter)
    assert component.__name__.lower() == kind.replace("_", "")
    assert component.__doc__
    assert "Reasons: " in component.__doc__


def test_round_trips(kind: str) -> None:
    spec = Filter.model_validate({"kind": kind})
    assert Filter.model_validate(spec.model_dump()) == spec
    assert Filter.model_validate(spec.model_dump(mode="json")) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert hash(spec) == hash(Filter.model_validate({"kind": kind}))


def test_keeps_prose(kind: str) -> None:
    prose = (
        "My aunt kept bees in the garden behind her house, and every spring we went to help her with the hives. "
        "She said that a calm hand was worth more than a veil.\nWhen it rained we sat in the kitchen instead, "
        "where she would tell us about the year of the great storm, to be believed or not."
    )
    assert verdicts(kind, [prose]) == [None]


def test_no_rows(kind: str) -> None:
    for string_type in (pa.string(), pa.large_string()):
        result = judge_of(kind)(pa.array([], string_type))
        assert len(result) == 0
        assert result.type == pa.string()


@settings(max_examples=25, deadline=None)
@given(rows=texts)
def test_one_snake_case_reason_or_null_for_every_row(kind: str, rows: list[str]) -> None:
    result = judge_of(kind)(pa.array(rows, pa.string()))
    assert result.type == pa.string()
    assert len(result) == len(rows)
    assert all(reason is None or REASON.fullmatch(reason) for reason in result.to_pylist())


@settings(max_examples=15, deadline=None)
@given(rows=texts, seed=st.integers(0, 2**32 - 1), data=st.data())
def test_a_row_is_judged_alone(kind: str, rows: list[str], seed: int, data: st.DataObject) -> None:
    rows = rows + ODD
    whole = verdicts(kind, rows)
    order = np.random.default_rng(seed).permutation(len(rows))
    assert verdicts(kind, [rows[index] for index in order]) == [whole[index] for index in order]
    cut = data.draw(st.integers(0, len(rows)))
    assert verdicts(kind, rows[:cut]) + verdicts(kind, rows[cut:]) == whole


def test_slices_and_large_strings_are_the_same_texts(kind: str) -> None:
    whole = verdicts(kind, ODD)
    assert verdicts(kind, ODD, pa.large_string()) == whole
    for string_type in (pa.string(), pa.large_string()):
        assert judge_of(kind)(pa.array(ODD, string_type)[3:-2]).to_pylist() == whole[3:-2]


def test_documents_the_reasons_it_gives(kind: str) -> None:
    documented = set(re.findall(r"`(\w+)`", (component_in(f"{Filter.family}.{kind}", Filter).__doc__ or "")))
    assert {reason for reason in verdicts(kind, ODD) if reason} <= documented
