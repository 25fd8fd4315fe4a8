"""What a score says of a subset, and how well that tells what training on it gave."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.rows import ID, TEXT
from tuning.validation.config import RetrainConfig
from tuning.validation.predictions import ceilings, datamodeling_scores, predictions
from tuning.validation.results import Retrained
from tuning.validation.retrain import CELL
from tuning.validation.subsets import subsets

CONFIG = RetrainConfig(halves=10, cells=12, clusters=8, share=0.25)


def sample(count: int = 400) -> pa.Table:
    generator = np.random.default_rng(0)
    return pa.table(
        {
            ID: [f"{number:032x}" for number in range(count)],
            TEXT: ["x" * size for size in generator.integers(1, 50, count)],
            CELL: pa.array(generator.integers(0, CONFIG.clusters, count), pa.int32()),
        }
    )


def test_a_prediction_is_the_mean_over_the_text_of_a_subset() -> None:
    rows = sample()
    score = np.random.default_rng(1).normal(size=rows.num_rows)
    told = predictions(rows, {"score": score}, CONFIG, 0)
    sizes = np.array([len(text) for text in rows[TEXT].to_pylist()])
    for sort in ("halves", "cells"):
        chosen = [each for each in subsets(CONFIG) if each.sort == sort]
        for each, mean in zip(chosen, told[sort]["score"], strict=True):
            inside = each.members(rows[ID].combine_chunks(), rows[CELL].to_numpy(), CONFIG, 0)
            assert mean == pytest.approx((score * sizes)[inside].sum() / sizes[inside].sum())


def test_a_row_that_was_dropped_before_it_had_a_score_does_not_count() -> None:
    rows = sample()
    score = np.ones(rows.num_rows)
    score[::3] = np.nan
    assert predictions(rows, {"score": score}, CONFIG, 0)["halves"]["score"] == pytest.approx(np.ones(10))


def test_a_score_that_says_what_happens_has_one_and_its_reverse_minus_one() -> None:
    rows = sample()
    score = np.random.default_rng(1).normal(size=rows.num_rows)
    told = predictions(rows, {"right": score, "wrong": -score}, CONFIG, 0)
    # the lower the bits, the better the training: two seeds that agree
    bits = {sort: {"target": [[3 - mean, 4 - mean] for mean in of["right"]]} for sort, of in told.items()}
    retrained = Retrained(bits_per_byte=bits)
    found = datamodeling_scores(told, retrained)
    for sort in ("halves", "cells"):
        assert found[sort]["right"]["target"].value == pytest.approx(1.0)
        assert found[sort]["wrong"]["target"].value == pytest.approx(-1.0)
        assert ceilings(retrained)[sort]["target"].value == pytest.approx(1.0)
