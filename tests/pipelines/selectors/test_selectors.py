"""What each selector keeps."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.selector import Selector
from pipelines.corpus.randomness import key64
from pipelines.selectors.importance_sample import ImportanceSample
from pipelines.selectors.middle_fraction import MiddleFraction
from pipelines.selectors.pareto_sample import ParetoSample
from pipelines.selectors.random import Random
from pipelines.selectors.token_budget import TokenBudget
from pipelines.selectors.top_fraction import TopFraction


def rows(score: list[float | None], text: list[str] | None = None) -> pa.Table:
    ids = [hashlib.md5(str(number).encode()).hexdigest() for number in range(len(score))]
    return pa.table({"id": ids, "score": pa.array(score, pa.float64()), "text": text or ["abc"] * len(score)})


def kept(selector: Selector, table: pa.Table, seed: int = 1) -> list[int]:
    """The kept row numbers: highest keys first while the budget lasts."""
    mass = selector.mass(table)
    order = np.argsort(-selector.key(table, seed), kind="stable")
    room = selector.budget(float(mass.sum()))
    return sorted(order[np.cumsum(mass[order]) <= room].tolist())


def test_top_fraction_keeps_the_wanted_end() -> None:
    table = rows([0.1, 5.0, -2.0, 3.0])
    assert kept(TopFraction(by="score", fraction=0.5), table) == [1, 3]
    assert kept(TopFraction(by="score", fraction=0.5, order="ascending"), table) == [0, 2]


@pytest.mark.parametrize("order", ["descending", "ascending"])
def test_rows_without_a_value_come_last(order: str) -> None:
    table = rows([None, 1.0, float("nan"), 2.0])
    for selector in (TopFraction(by="score", order=order), TokenBudget(by="score", tokens=6, order=order)):
        assert kept(selector, table) == [1, 3]
        assert np.isfinite(selector.key(table, 0)).all()


def test_a_share_of_bytes_is_not_a_share_of_rows() -> None:
    table = rows([3.0, 2.0, 1.0], ["é" * 4, "ab", "cd"])
    assert TopFraction(by="score", of="bytes").mass(table).tolist() == [8, 2, 2]
    assert kept(TopFraction(by="score", fraction=0.7, of="bytes"), table) == [0]
    assert kept(TopFraction(by="score", fraction=0.7), table) == [0, 1]


def test_token_budget_counts_what_it_is_told_to() -> None:
    table = rows([3.0, 2.0, 1.0], ["aaaa", "bb", "cc"]).append_column("tokens", pa.array([1, 10, None]))
    assert kept(TokenBudget(by="score", tokens=6), table) == [0, 1]
    assert TokenBudget(by="score", tokens=6, count="tokens").mass(table).tolist() == [1, 10, 0]
    assert kept(TokenBudget(by="score", tokens=6, count="tokens"), table) == [0]
    assert TokenBudget(by="score", tokens=100).budget(8.0) == 8.0


def test_columns_say_what_is_read() -> None:
    assert Random().columns == []
    assert Random(of="bytes").columns == ["text"]
    assert TokenBudget(by="score", tokens=1).columns == ["score", "text"]
    assert TokenBudget(by="score", tokens=1, count="tokens").columns == ["score", "tokens"]
    assert ImportanceSample(by="score").columns == ["score"]


def test_a_column_of_text_is_refused() -> None:
    with pytest.raises(ValueError, match="'text' holds string"):
        TopFraction(by="text").key(rows([1.0]), 0)


def test_random_keeps_every_row_equally_often() -> None:
    table = rows([0.0] * 60)
    times = np.bincount([row for seed in range(400) for row in kept(Random(fraction=0.3), table, seed)], minlength=60)
    assert times.sum() == 400 * 18
    assert abs(times - 120).max() < 5 * np.sqrt(400 * 0.3 * 0.7)


def test_importance_sample_draws_by_the_weights() -> None:
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    table = rows(np.log(weights).tolist())
    one = ImportanceSample(by="score", fraction=0.25)
    drawn = np.bincount([kept(one, table, seed)[0] for seed in range(4000)], minlength=4) / 4000
    np.testing.assert_allclose(drawn, weights, atol=0.035)
    flat = one.model_copy(update={"temperature": 1e9})
    drawn = np.bincount([kept(flat, table, seed)[0] for seed in range(4000)], minlength=4) / 4000
    np.testing.assert_allclose(drawn, 0.25, atol=0.035)
    sharp = one.model_copy(update={"temperature": 1e-300})
    assert {tuple(kept(sharp, table, seed)) for seed in range(50)} == {(3,)}


def test_pareto_sample_is_what_repeated_draws_keep() -> None:
    chances = np.array([0.0, 0.3, 0.6, 0.8, 0.95, 1.0])
    table = rows(chances.tolist())
    sample = ParetoSample(by="score", fraction=0.5)
    tie = [key64(table["id"].combine_chunks(), seed, "tie") for seed in range(4000)]
    kept_here = [np.lexsort((tie[seed], sample.key(table, seed)))[-3:] for seed in range(4000)]
    often = np.bincount(np.concatenate(kept_here), minlength=6) / 4000
    generator = np.random.default_rng(0)
    there = np.bincount(np.concatenate([drawn(chances, 3, generator) for _ in range(4000)]), minlength=6) / 4000
    np.testing.assert_allclose(often, there, atol=0.04)
    opposite = np.bincount(
        [kept(sample.model_copy(update={"order": "ascending"}), table, seed)[0] for seed in range(99)]
    )
    assert opposite[0] == 99


def test_the_key_is_the_number_of_the_draw_that_is_passed_first() -> None:
    key = ParetoSample(by="score", alpha=1.0).key(rows([0.5] * 20_000), 1)
    assert (key == np.round(key)).all()
    for number, share in ((1, 2 / 3), (2, 2 / 9), (3, 2 / 27)):
        assert np.mean(key == -number) == pytest.approx(share, abs=0.015)


def drawn(chances: np.ndarray, count: int, generator: np.random.Generator) -> list[int]:
    """The way it is told: all that are left are drawn again and again, and the last draw gives what is missing."""
    kept: list[int] = []
    while len(kept) < count:
        left = np.setdiff1d(np.arange(len(chances)), kept)
        passed = left[generator.pareto(9.0, len(left)) > 1 - chances[left]]
        kept += generator.permutation(passed)[: count - len(kept)].tolist()
    return kept


def test_a_score_that_is_no_probability_is_refused() -> None:
    with pytest.raises(Mistake, match=r"'score' holds 1.5, which is no probability"):
        ParetoSample(by="score").key(rows([0.5, 1.5]), 0)
    key = ParetoSample(by="score").key(rows([0.0, None, float("nan")]), 0)
    assert key[0] > key[1] == key[2]


def test_middle_fraction_passes_over_half_of_what_is_not_kept() -> None:
    assert MiddleFraction(by="score", fraction=0.2).passed_over(100.0, 20.0) == 40.0
    assert TopFraction(by="score", fraction=0.2).passed_over(100.0, 20.0) == 0.0


def test_doubt_takes_the_error_from_the_score() -> None:
    table = rows([3.0, 2.0, 1.0, 9.0]).append_column("score_error", pa.array([4.0, 1.0, 0.0, None]))
    surest = TopFraction(by="score", fraction=0.5, doubt=0.5)
    assert surest.columns == ["score", "score_error"]
    assert surest.key(table, 0)[:3].tolist() == [1.0, 1.5, 1.0]
    assert kept(surest, table) == [0, 1]
    lowest = surest.model_copy(update={"order": "ascending", "doubt": 2.0})
    assert kept(lowest, table) == [1, 2]
    assert ImportanceSample(by="score", doubt=1.0).columns == ["score", "score_error"]


@pytest.mark.parametrize("kind", [Random, TopFraction, ImportanceSample, MiddleFraction, ParetoSample])
@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.1])
def test_a_fraction_outside_zero_to_one_is_refused(kind: type[Selector], fraction: float) -> None:
    with pytest.raises(ValidationError, match="fraction"):
        kind.model_validate({"fraction": fraction})


@pytest.mark.parametrize("percent", range(1, 101))
def test_a_fraction_is_the_decimal_number_that_was_written(percent: int) -> None:
    fraction = float(f"{percent / 100:.2f}")
    for selector in (
        TopFraction(by="score", fraction=fraction),
        Random(fraction=fraction),
        ImportanceSample(by="score", fraction=fraction),
    ):
        assert selector.budget(100.0) == percent
        assert selector.budget(1e15) == percent * 1e13
