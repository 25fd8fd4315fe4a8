"""Which documents a small model is trained on."""

import numpy as np
import pyarrow as pa
import pytest

from tuning.validation.config import RetrainConfig
from tuning.validation.subsets import subsets

IDS = pa.array([f"{number:032x}" for number in range(2_000)])
CELLS = np.random.default_rng(0).integers(0, 20, len(IDS))
CONFIG = RetrainConfig(halves=3, cells=4, clusters=20, share=0.15)


def test_there_are_as_many_as_are_wanted_each_with_a_name_of_its_own() -> None:
    names = [subset.name for subset in subsets(CONFIG)]
    assert len(set(names)) == 7
    assert [name.partition("-")[0] for name in names] == ["halves"] * 3 + ["cells"] * 4


def test_halves_are_halves_and_differ() -> None:
    halves = [each.members(IDS, CELLS, CONFIG, 0) for each in subsets(CONFIG) if each.sort == "halves"]
    assert all(abs(half.mean() - 0.5) < 0.05 for half in halves)
    assert abs((halves[0] & halves[1]).mean() - 0.25) < 0.05


def test_cells_are_whole_clusters_in_their_share() -> None:
    for each in subsets(CONFIG):
        if each.sort == "cells":
            inside = each.members(IDS, CELLS, CONFIG, 0)
            assert len(np.unique(CELLS[inside])) == 3
            assert not set(CELLS[inside]) & set(CELLS[~inside])


def test_a_document_without_a_cluster_is_in_none() -> None:
    each = next(each for each in subsets(CONFIG) if each.sort == "cells")
    assert not each.members(IDS, np.full(len(IDS), -1), CONFIG, 0).any()


def test_another_seed_draws_others_and_the_order_of_rows_changes_nothing() -> None:
    order = np.random.default_rng(1).permutation(len(IDS))
    for each in subsets(CONFIG):
        whole = each.members(IDS, CELLS, CONFIG, 0)
        assert (each.members(IDS.take(pa.array(order)), CELLS[order], CONFIG, 0) == whole[order]).all()
        assert (each.members(IDS, CELLS, CONFIG, 1) != whole).any()


def test_a_damping_that_leaves_a_matrix_singular_is_refused() -> None:
    from tuning.validation.config import AgreementConfig

    with pytest.raises(ValueError, match=r"dampings \[0\.1, 0\.0\] has one below 1e-6"):
        AgreementConfig(dampings=[0.1, 0.0])
