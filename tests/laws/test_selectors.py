"""What holds for every selector, a newcomer's too: its file is found here the moment it exists."""

import hashlib
import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.component import component_in, kinds
from pipelines.contracts.selector import Selector

PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "random": [{}, {"fraction": 0.1, "of": "bytes"}],
    "top_fraction": [{"by": "score"}, {"by": "score", "order": "ascending", "fraction": 1.0, "of": "bytes"}],
    "token_budget": [{"by": "score", "tokens": 50}, {"by": "score", "tokens": 1e12, "count": "tokens"}],
    "importance_sample": [{"by": "score"}, {"by": "score", "temperature": 0.01, "fraction": 0.1}],
}
KINDS = kinds(Selector.family)
CASES = [(kind, index) for kind in KINDS for index in range(len(PARAMETERS.get(kind, [{}])))]


def make(kind: str, index: int = 0) -> Selector:
    if kind not in PARAMETERS:
        pytest.fail(f"selector '{kind}' is new: add parameters for it to PARAMETERS in this file")
    return Selector.model_validate({"kind": kind, **PARAMETERS[kind][index]})


NUMBERS = st.one_of(st.none(), st.floats(width=64), st.integers(-3, 3).map(float))


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    scores = draw(st.lists(NUMBERS, max_size=12))
    count = len(scores)
    texts = draw(st.lists(st.text(st.sampled_from("aé🙂 "), max_size=9), min_size=count, max_size=count))
    ids = [hashlib.md5(str(number).encode()).hexdigest() for number in range(count)]
    columns = {"id": pa.array(ids, pa.string()), "text": pa.array(texts, pa.string())}
    columns |= {"score": pa.array(scores, pa.float64()), "tokens": pa.array(range(count), pa.int64())}
    return pa.table(columns)


@pytest.mark.parametrize(("kind", "index"), CASES)
@settings(max_examples=30, deadline=None)
@given(table=tables(), data=st.data())
def test_key_and_mass_belong_to_the_row(kind: str, index: int, table: pa.Table, data: st.DataObject) -> None:
    selector = make(kind, index)
    key, mass = selector.key(table, 3), selector.mass(table)
    for values in (key, mass):
        assert values.shape == (table.num_rows,)
        assert values.dtype == np.float64
        assert np.isfinite(values).all()
    assert (mass >= 0).all()
    order = data.draw(st.permutations(range(table.num_rows)))
    shuffled = table.take(pa.array(order, pa.int64()))
    np.testing.assert_array_equal(selector.key(shuffled, 3), key[list(order)])
    np.testing.assert_array_equal(selector.mass(shuffled), mass[list(order)])
    needed = table.select(["id", *selector.columns])
    np.testing.assert_array_equal(selector.key(needed, 3), key)
    np.testing.assert_array_equal(selector.mass(needed), mass)
    cut = data.draw(st.integers(0, table.num_rows))
    parts = [selector.key(part, 3) for part in (table.slice(0, cut), table.slice(cut))]
    np.testing.assert_array_equal(np.concatenate(parts), key)
    chunked = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    np.testing.assert_array_equal(selector.key(chunked, 3), key)


@pytest.mark.parametrize(("kind", "index"), CASES)
@given(totals=st.lists(st.floats(0, 1e15), min_size=2, max_size=6).map(sorted))
def test_budget_grows_with_the_total_and_never_exceeds_it(kind: str, index: int, totals: list[float]) -> None:
    budgets = [make(kind, index).budget(total) for total in totals]
    assert budgets == sorted(budgets)
    assert all(0 <= budget <= total for budget, total in zip(budgets, totals, strict=True))


@pytest.mark.parametrize(("kind", "index"), CASES)
def test_travels_as_pickle_and_as_data(kind: str, index: int) -> None:
    selector = make(kind, index)
    assert pickle.loads(pickle.dumps(selector)) == selector
    assert Selector.model_validate(selector.model_dump(mode="json")) == selector


@pytest.mark.parametrize("kind", KINDS)
def test_says_what_it_does(kind: str) -> None:
    found = component_in(f"{Selector.family}.{kind}", Selector)
    assert found.__name__ == "".join(part.capitalize() for part in kind.split("_"))
    assert found.__doc__
