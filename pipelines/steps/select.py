"""Step `select`: the rows that a selector ranks highest, as many as its budget allows."""

import functools
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.rows import DROPPED, ID, TEXT, Fitted, Outcome
from pipelines.contracts.selector import Selector
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.corpus.cutoff import Cutoff, Ranks, find_cutoffs, ordered_bits
from pipelines.corpus.randomness import key64


class Select(Step):
    """Keeps the rows at or above one exact cutoff of the whole corpus; the others are dropped as `not_selected`."""

    selector: Selector

    @property
    def seeded(self) -> bool:
        """True: equal keys are told apart by the seed, and a selector may draw by it."""
        return True

    @property
    def columns(self) -> list[str]:
        """The id, the text, and the columns that the selector reads."""
        return sorted({ID, TEXT, *self.selector.columns})

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """`{"cutoff": Cutoff}` of the whole corpus; only the id and the selector's columns are read."""
        rank = functools.partial(_rank, self.selector, seed)
        rows = corpus.rows([ID, *(name for name in self.selector.columns if name != ID)])
        return {"cutoff": find_cutoffs(rows, rank, [self.selector.budget], corpus.documents)[0]}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function for one table of rows, which compares every row with the cutoff."""
        cutoff: Cutoff = fitted["cutoff"]

        def select(rows: pa.Table, place: Place) -> Outcome:
            ranks = _rank(self.selector, seed, rows)
            keep = pa.array(cutoff.keeps(ranks.key, ranks.tie))
            lost = rows.filter(pc.invert(keep))
            reason = pa.array(["not_selected"] * lost.num_rows, pa.string())
            detail = pa.array([""] * lost.num_rows, pa.string())
            return Outcome(rows.filter(keep), pa.table([lost[ID], reason, detail], schema=DROPPED))

        return select

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """The total mass of the corpus and the mass that was kept, in the selector's unit: rows, bytes or tokens."""
        cutoff: Cutoff = fitted["cutoff"]
        return {"total_mass": cutoff.total_mass, "kept_mass": cutoff.kept_mass}


def _rank(selector: Selector, seed: int, rows: pa.Table) -> Ranks:
    key = ordered_bits(np.asarray(selector.key(rows, seed), dtype=np.float64))
    tie = key64(rows[ID].combine_chunks(), seed, "tie")
    return Ranks(np.zeros(len(key), np.int64), key, tie, np.asarray(selector.mass(rows), dtype=np.float64))
