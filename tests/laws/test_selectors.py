"""What holds for every selector, a newcomer's too: its file is found here the moment it exists."""

import hashlib
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.component import component_in, kinds
from pipelines.contracts.selector import Selector
from pipelines.contracts.step import Place
from pipelines.corpus.cutoff import Ranks
from pipelines.corpus.windows import Sharing
from pipelines.steps.select import Select
from pipelines.store.address import ingredients

PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "random": [{}, {"fraction": 0.1, "of": "bytes"}],
    "top_fraction": [{"by": "score"}, {"by": "score", "order": "ascending", "fraction": 1.0, "of": "bytes"}],
    "token_budget": [{"by": "score", "tokens": 50}, {"by": "score", "tokens": 1e12, "count": "tokens"}],
    "importance_sample": [{"by": "score"}, {"by": "score", "temperature": 0.01, "fraction": 0.1}],
    "middle_fraction": [{"by": "score"}, {"by": "score", "fraction": 0.3, "of": "bytes"}],
    "pareto_sample": [{"by": "chance"}, {"by": "chance", "order": "ascending", "fraction": 0.2, "of": "bytes"}],
}
DOUBTFUL = ["top_fraction", "token_budget", "importance_sample"]
PARAMETERS |= {kind: [*PARAMETERS[kind], {**PARAMETERS[kind][0], "doubt": 0.5}] for kind in DOUBTFUL}
EVERYTHING: dict[str, dict[str, Any]] = {"token_budget": {"tokens": 1e300}}  # all others take a fraction
KINDS = kinds(Selector.family)
CASES = [(kind, index) for kind in KINDS for index in range(len(PARAMETERS.get(kind, [{}])))]


def make(kind: str, index: int = 0) -> Selector:
    if kind not in PARAMETERS:
        pytest.fail(f"selector '{kind}' is new: add parameters for it to PARAMETERS in this file")
    return Selector.model_validate({"kind": kind, **PARAMETERS[kind][index]})


NUMBERS = st.one_of(st.none(), st.floats(width=64), st.integers(-3, 3).map(float))
CHANCES = st.one_of(st.none(), st.just(float("nan")), st.floats(0, 1))
GENRES = st.sampled_from(["news", "code", "null", None])


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    scores = draw(st.lists(NUMBERS, max_size=12))
    count = len(scores)
    texts = draw(st.lists(st.text(st.sampled_from("aé🙂 "), max_size=9), min_size=count, max_size=count))
    ids = [hashlib.md5(str(number).encode()).hexdigest() for number in range(count)]
    columns = {"id": pa.array(ids, pa.string()), "text": pa.array(texts, pa.string())}
    columns |= {"score": pa.array(scores, pa.float64()), "tokens": pa.array(range(count), pa.int64())}
    columns["score_error"] = pa.array(draw(st.lists(NUMBERS, min_size=count, max_size=count)), pa.float64())
    columns["chance"] = pa.array(draw(st.lists(CHANCES, min_size=count, max_size=count)), pa.float64())
    columns["genre"] = pa.array(draw(st.lists(GENRES, min_size=count, max_size=count)), pa.string())
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
    for budget, total in zip(budgets, totals, strict=True):
        assert 0 <= make(kind, index).passed_over(total, budget) <= total - budget


SHARING: list[dict[str, Any]] = [{}, {"within": "genre"}, {"within": "genre", "max_share": 0.3}]


def chosen(step: Select, shards: Sequence[pa.Table]) -> set[str]:
    """The ids of the rows that the step keeps of a corpus in these shards."""
    parts = [step.ranks(3, shard) for shard in shards]
    ranks = Ranks(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    select = step.open({"windows": Sharing(step.selector, step.max_share).of(ranks)}, 3)
    places = [Place.in_shard(number, 0, shard.num_rows) for number, shard in enumerate(shards)]
    return {
        row for shard, place in zip(shards, places, strict=True) for row in select(shard, place).rows["id"].to_pylist()
    }


@pytest.mark.parametrize("sharing", SHARING)
@pytest.mark.parametrize(("kind", "index"), CASES)
@settings(max_examples=8, deadline=None)
@given(table=tables(), data=st.data())
def test_the_choice_is_that_of_the_rows_in_any_order_and_any_shards(
    kind: str, index: int, sharing: dict[str, Any], table: pa.Table, data: st.DataObject
) -> None:
    step = Select(selector=make(kind, index), **sharing)
    expected = chosen(step, [table])
    shuffled = table.take(pa.array(data.draw(st.permutations(range(table.num_rows))), pa.int64()))
    cut = data.draw(st.integers(0, table.num_rows))
    assert chosen(step, [shuffled.slice(cut), shuffled.slice(0, cut)]) == expected
    mass = step.selector.mass(table)
    kept = float(mass[[row in expected for row in table["id"].to_pylist()]].sum())
    assert kept <= step.selector.budget(float(mass.sum()))


@pytest.mark.parametrize("sharing", SHARING)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(table=tables())
def test_a_budget_of_all_keeps_all(kind: str, sharing: dict[str, Any], table: pa.Table) -> None:
    selector = make(kind).model_copy(update=EVERYTHING.get(kind, {"fraction": 1.0}))
    assert selector.budget(7.0) == 7.0
    assert chosen(Select(selector=selector, **sharing), [table]) == set(table["id"].to_pylist())


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(table=tables())
def test_each_group_keeps_of_its_own_what_the_selector_wants_of_it(kind: str, table: pa.Table) -> None:
    step = Select(selector=make(kind), within="genre")
    ids, genres, key = table["id"].to_pylist(), table["genre"].to_pylist(), step.selector.key(table, 3)
    expected = chosen(step, [table])
    for genre in set(genres):
        kept = [key[row] for row in range(len(ids)) if genres[row] == genre and ids[row] in expected]
        lost = [key[row] for row in range(len(ids)) if genres[row] == genre and ids[row] not in expected]
        above = [value for value in lost if kept and value > min(kept)]
        assert not above or step.selector.passed_over(100.0, 50.0) > 0
        assert not any(min(kept) < value < max(kept) for value in above)


@pytest.mark.parametrize("kind", DOUBTFUL)
def test_doubt_counts_against_a_row_whichever_end_is_wanted(kind: str) -> None:
    ids = [hashlib.md5(str(number).encode()).hexdigest() for number in range(2)]
    alike = pa.table({"id": [ids[0], ids[0]], "text": ["a", "a"], "score": [1.0, 1.0], "score_error": [0.0, 2.0]})
    for order in ("descending", "ascending"):
        told = {"order": order} if "order" in type(make(kind)).model_fields else {}
        sure, doubtful = make(kind).model_copy(update={"doubt": 0.5, **told}).key(alike, 3)
        assert sure - doubtful == pytest.approx(1.0)
        plain = make(kind).model_copy(update=told).key(alike, 3)
        assert plain[0] == plain[1] == sure
    assert ingredients(make(kind)) == ingredients(make(kind).model_copy(update={"doubt": 0.0}))
    assert "doubt" not in ingredients(make(kind))


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


@pytest.mark.parametrize(("kind", "index"), CASES)
@pytest.mark.parametrize("share", [1.0, 0.25])
def test_of_a_sample_it_keeps_the_same_share(kind: str, index: int, share: float) -> None:
    selector = make(kind, index)
    assert selector.in_sample(share).budget(1_000 * share) == pytest.approx(selector.budget(1_000.0) * share)
