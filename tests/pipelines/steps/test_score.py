"""A score step: the columns it adds, what it asks the scorer for, and what its fit cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.check import check_data
from pipelines.config import DataConfig
from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.contracts.step import Corpus, Place
from pipelines.stage import step_address
from pipelines.steps.score import Score


class Doubtful(Scorer):
    """Reads a column beside the text, draws with the seed when it fits, and says how sure it is."""

    values: tuple[Any, ...] = (1.0, 2.0)  # a config's own numbers are finite

    @property
    def seeded(self) -> bool:
        return True

    @property
    def columns(self) -> list[str]:
        return [TEXT, "votes"]

    @property
    def adds(self) -> list[str]:
        return ["error"]

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        return {"seed": seed}

    def open(self, fitted: Fitted) -> ScoreFn:
        def score(rows: pa.Table) -> Scores:
            assert rows.column_names == self.columns
            votes = rows["votes"].to_numpy().astype(np.float64)
            return Scores(np.array(self.values), flops=3.0, more={"error": votes / 10})

        return score

    def details(self, fitted: Fitted) -> dict[str, Any]:
        return {"drawn_with": fitted["seed"]}

    def fit_flops(self, fitted: Fitted) -> float:
        return 7e9


ROWS = pa.table({"id": ["a", "b"], TEXT: ["one", "two"], "votes": [3, 4]})


def test_a_scorer_reads_what_it_names_and_adds_what_it_names() -> None:
    step = Score(scorer=Doubtful(), column="hard")
    assert (step.columns, step.adds, step.seeded) == ([TEXT, "votes"], ["hard", "hard_error"], True)
    outcome = step.open({"seed": 5}, 5)(ROWS, Place.in_shard(0, 0, ROWS.num_rows))
    assert outcome.rows.column_names == ["id", TEXT, "votes", "hard", "hard_error"]
    assert outcome.rows["hard"].to_pylist() == [1.0, 2.0]
    assert outcome.rows["hard_error"].to_pylist() == [0.3, 0.4]
    assert outcome.counts == {"flops": 3.0}


def test_what_the_fit_learned_and_spent_is_told() -> None:
    step = Score(scorer=Doubtful(), column="hard")
    learned = step.fit(None, 5)  # type: ignore[arg-type]
    assert step.details(learned) == {"drawn_with": 5}
    assert step.fit_flops(learned) == 7e9


def test_the_seed_is_part_of_the_address_where_the_scorer_draws_by_it() -> None:
    drawn, plain = Score(scorer=Doubtful(), column="hard"), Score.model_validate({"scorer": "length", "column": "size"})
    assert step_address("hard", drawn, 1, "x-0") != step_address("hard", drawn, 2, "x-0")
    assert step_address("size", plain, 1, "x-0") == step_address("size", plain, 2, "x-0")


@pytest.mark.parametrize("values", [(1.0,), (1.0, np.nan), (np.inf, 1.0)])
def test_a_score_that_is_no_finite_number_a_row_is_an_error(values: Sequence[float]) -> None:
    score = Score(scorer=Doubtful(values=tuple(values)), column="hard").open({"seed": 0}, 0)
    with pytest.raises(ValueError, match="has to give 2 finite numbers"):
        score(ROWS, Place.in_shard(0, 0, ROWS.num_rows))


def test_a_later_step_may_ask_for_every_column_that_was_added(tmp_path) -> None:
    (tmp_path / "votes.jsonl").write_text('{"text": "one", "votes": 3}\n')
    by = {"kind": "select", "selector": {"kind": "top_fraction", "by": "hard_error"}}
    tree = {"source": {"kind": "jsonl", "path": str(tmp_path / "votes.jsonl")}, "codec": "bytes"}
    score = Score(scorer=Doubtful(), column="hard")
    check_data(DataConfig.model_validate({**tree, "steps": {"hard": score, "chosen": by}}))
    with pytest.raises(ValueError, match="needs the column 'hard_error'"):
        check_data(DataConfig.model_validate({**tree, "steps": {"chosen": by}}))
