import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.corpus.cutoff import find_cutoff, ordered_bits

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def rank(batch: pa.Table):
    key = ordered_bits(batch["value"].to_numpy())
    return key, batch["tie"].to_numpy(), batch["mass"].to_numpy()


def rows(value, mass, seed: int = 0):
    import ray.data

    generator = np.random.default_rng(seed)
    tie = generator.integers(0, 2**63, len(value), dtype=np.uint64)
    table = pa.table({"value": np.asarray(value, float), "tie": tie, "mass": np.asarray(mass, float)})
    return table, ray.data.from_arrow(table).repartition(3)


def kept_by_sorting(table: pa.Table, budget: float) -> np.ndarray:
    """The slow obvious way: sort everything, take from the top while it fits."""
    key, tie, mass = rank(table)
    order = np.lexsort((tie, key))[::-1]
    kept = np.zeros(len(order), dtype=bool)
    room = budget
    for position in order:
        room -= mass[position]
        if room < 0:
            break
        kept[position] = True
    return kept


@given(st.lists(FLOATS, min_size=2, max_size=50))
def test_ordered_bits_keep_the_order(values: list[float]) -> None:
    bits = ordered_bits(np.array(values))
    for one in range(len(values)):
        for other in range(len(values)):
            assert (values[one] < values[other]) == bool(bits[one] < bits[other])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_key_that_is_not_finite_raises(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        ordered_bits(np.array([1.0, bad]))


@pytest.mark.parametrize("fetch_rows", [0, 5, 1_000_000])
@pytest.mark.parametrize("kind", ["spread", "equal", "coarse"])
def test_the_cutoff_is_that_of_sorting(ray_session, fetch_rows: int, kind: str) -> None:
    generator = np.random.default_rng(1)
    value = {"spread": generator.normal(size=200), "equal": np.ones(200), "coarse": generator.integers(0, 3, 200)}[kind]
    mass = generator.integers(1, 9, 200)
    table, dataset = rows(value, mass)
    cutoff = find_cutoff(dataset, rank, lambda total: 0.3 * total, 200, fetch_rows)
    key, tie, _ = rank(table)
    expected = kept_by_sorting(table, 0.3 * mass.sum())
    assert cutoff.keeps(key, tie).tolist() == expected.tolist()
    assert cutoff.kept_mass == mass[expected].sum()
    assert cutoff.total_mass == mass.sum()


@pytest.mark.parametrize(("share", "kept"), [(0.0, 0), (1.0, 20), (2.0, 20), (0.04, 0)])
def test_the_ends_of_the_budget(ray_session, share: float, kept: int) -> None:
    table, dataset = rows(np.arange(20.0), np.ones(20))
    for fetch_rows in (3, 1_000):
        cutoff = find_cutoff(dataset, rank, lambda total: share * total, 20, fetch_rows)
        key, tie, _ = rank(table)
        assert cutoff.keeps(key, tie).sum() == kept
