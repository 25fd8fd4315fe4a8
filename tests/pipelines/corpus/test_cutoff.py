import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.corpus.cutoff import Ranks, find_cutoffs, ordered_bits

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def rank(batch: pa.Table):
    key = ordered_bits(batch["value"].to_numpy())
    return Ranks(np.zeros(len(key), np.int64), key, batch["tie"].to_numpy(), batch["mass"].to_numpy())


def rows(value, mass, seed: int = 0):
    import ray.data

    generator = np.random.default_rng(seed)
    tie = generator.integers(0, 2**63, len(value), dtype=np.uint64)
    table = pa.table({"value": np.asarray(value, float), "tie": tie, "mass": np.asarray(mass, float)})
    return table, ray.data.from_arrow(table).repartition(3)


def kept_by_sorting(table: pa.Table, budget: float) -> np.ndarray:
    """The slow obvious way: sort everything, take from the top while it fits."""
    _, key, tie, mass = rank(table)
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


@pytest.mark.parametrize(
    ("fetch_rows", "kind"), [(0, "spread"), (5, "equal"), (5, "coarse"), (1_000_000, "spread"), (1_000_000, "equal")]
)
def test_the_cutoff_is_that_of_sorting(ray_session, fetch_rows: int, kind: str) -> None:
    generator = np.random.default_rng(1)
    value = {"spread": generator.normal(size=200), "equal": np.ones(200), "coarse": generator.integers(0, 3, 200)}[kind]
    mass = generator.integers(1, 9, 200)
    table, dataset = rows(value, mass)
    (cutoff,) = find_cutoffs(dataset, rank, lambda totals: {0: [0.3 * totals[0]]}, 200, fetch_rows)[0]
    _, key, tie, _ = rank(table)
    expected = kept_by_sorting(table, 0.3 * mass.sum())
    assert cutoff.keeps(key, tie).tolist() == expected.tolist()
    assert cutoff.kept_mass == mass[expected].sum()
    assert cutoff.total_mass == mass.sum()


@pytest.mark.parametrize(("share", "kept"), [(0.0, 0), (1.0, 20), (2.0, 20), (0.04, 0)])
def test_the_ends_of_the_budget(ray_session, share: float, kept: int) -> None:
    table, dataset = rows(np.arange(20.0), np.ones(20))
    for fetch_rows in (10, 1_000):
        (cutoff,) = find_cutoffs(dataset, rank, lambda totals: {0: [share * totals[0]]}, 20, fetch_rows)[0]
        _, key, tie, _ = rank(table)
        assert cutoff.keeps(key, tie).sum() == kept


class Counted:
    """A dataset that counts the passes over it."""

    def __init__(self, dataset) -> None:
        self.dataset, self.passes = dataset, 0

    def map_batches(self, *args, **options):
        self.passes += 1
        return self.dataset.map_batches(*args, **options)


@pytest.mark.parametrize(("fetch_rows", "passes"), [(25, 2), (1_000_000, 1)])
def test_the_groups_share_the_passes_and_each_is_cut_as_if_alone(ray_session, fetch_rows: int, passes: int) -> None:
    generator = np.random.default_rng(2)
    group, value, mass = generator.integers(0, 6, 400), generator.integers(-99, 99, 400), generator.integers(1, 9, 400)
    table = rows(value * 1e3, mass)[0]
    table = table.append_column("group", pa.array(group))
    shares = [0.0, 0.1, 0.5, 0.9, 1.0]  # the sixth group is none that is asked for

    def rank_in_group(batch: pa.Table) -> Ranks:
        asked = batch.filter(pa.array(batch["group"].to_numpy() < len(shares)))
        return Ranks(asked["group"].to_numpy() - 3, *rank(asked)[1:])

    import ray.data

    counted = Counted(ray.data.from_arrow(table).repartition(3))
    cutoffs = find_cutoffs(
        counted,
        rank_in_group,
        lambda totals: {each: [shares[each + 3] * totals[each]] for each in totals},
        400,
        fetch_rows,
    )
    assert counted.passes == passes
    for number, share in enumerate(shares):
        (cutoff,) = cutoffs[number - 3]
        own = table.filter(pa.array(group == number))
        expected = kept_by_sorting(own, share * own["mass"].to_numpy().sum())
        assert cutoff.keeps(*rank(own)[1:3]).tolist() == expected.tolist()
        assert cutoff.kept_mass == own["mass"].to_numpy()[expected].sum()


@pytest.mark.parametrize("fetch_rows", [25, 1_000_000])
def test_a_group_is_cut_at_several_masses_in_the_same_passes(ray_session, fetch_rows: int) -> None:
    generator = np.random.default_rng(3)
    value, mass = generator.integers(-99, 99, 400), generator.integers(1, 9, 400)
    table, dataset = rows(value * 1e3, mass)
    masses = [0.0, 0.3, 0.31, 1.0]
    cutoffs = find_cutoffs(dataset, rank, lambda totals: {0: [each * totals[0] for each in masses]}, 400, fetch_rows)[0]
    for share, cutoff in zip(masses, cutoffs, strict=True):
        expected = kept_by_sorting(table, share * mass.sum())
        key, tie = rank(table)[1:3]
        assert cutoff.keeps(key, tie).tolist() == expected.tolist()
        if not expected.all():
            best = np.lexsort((tie[~expected], key[~expected]))[-1]
            assert cutoff.next == (key[~expected][best], tie[~expected][best], mass[~expected][best])
            assert cutoff.lowered().keeps(key, tie).sum() == expected.sum() + 1


def test_no_row_is_no_group(ray_session) -> None:
    _, dataset = rows([1.0], [1.0])
    nothing = find_cutoffs(dataset, lambda batch: rank(batch.slice(0, 0)), lambda totals: {}, 1, 0)
    assert nothing == {}
