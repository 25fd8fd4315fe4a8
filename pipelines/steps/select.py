"""Step `select`: the rows that a selector ranks highest, as many as its budget allows."""

import functools
from typing import Annotated, Any, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from pipelines.contracts.component import ADDED
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import DROPPED, ID, TEXT, Fitted, Outcome
from pipelines.contracts.selector import Selector
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.corpus.cutoff import Ranks, ordered_bits
from pipelines.corpus.groups import group_numbers
from pipelines.corpus.randomness import key64
from pipelines.corpus.windows import Sharing, Window
from pipelines.texts.arrays import one_array


class Select(Step):
    """Keeps the rows at or above one exact cutoff of the whole corpus; the others are dropped as `not_selected`.

    With `within`, a column such as a genre, a source or the number of a cluster, rows compete only with those of the
    same value, nulls among themselves, and each group has a cutoff of its own. The budget is shared out in proportion
    to what each group has, and none gets more than `max_share` of it: what is cut off there is handed on to the others,
    in proportion again. Where they have not enough to fill the budget, `max_share` gives way as far as they need, so
    that the whole budget is always used.
    """

    selector: Selector
    within: Annotated[str | None, Field(min_length=1), ADDED] = None
    max_share: Annotated[float | None, Field(gt=0, le=1), ADDED] = None

    @model_validator(mode="after")
    def _has_groups_to_share_among(self) -> Self:
        if self.max_share is not None and self.within is None:
            raise Mistake("max_share limits what each group keeps; name the column of the groups as `within`")
        return self

    @property
    def seeded(self) -> bool:
        """True: equal keys are told apart by the seed, and a selector may draw by it."""
        return True

    @property
    def columns(self) -> list[str]:
        """The id, the text, and the columns that the selector reads and that `within` names."""
        return sorted({TEXT, *self._ranked_by})

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """`{"windows": {group: Window}}` of the whole corpus; only the columns that rank are read."""
        rank = functools.partial(self.ranks, seed)
        sharing = Sharing(self.selector, self.max_share)
        return {"windows": sharing.find(corpus.rows(sorted(self._ranked_by)), rank, corpus.documents)}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function for one table of rows, which compares every row with the cutoff of its group."""
        windows: dict[int, Window] = fitted["windows"]

        def select(rows: pa.Table, place: Place) -> Outcome:
            ranks = self.ranks(seed, rows)
            keep = np.zeros(rows.num_rows, dtype=bool)
            for group in np.unique(ranks.group):
                mine = ranks.group == group
                keep[mine] = windows[int(group)].keeps(ranks.key[mine], ranks.tie[mine])
            lost = rows.filter(pa.array(~keep))
            reason = pa.array(["not_selected"] * lost.num_rows, pa.string())
            detail = pa.array([""] * lost.num_rows, pa.string())
            return Outcome(rows.filter(pa.array(keep)), pa.table([lost[ID], reason, detail], schema=DROPPED))

        return select

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """The total mass of the corpus and the mass that was kept, in the selector's unit: rows, bytes or tokens.

        With groups also how many there are, and how much the one that keeps most keeps.
        """
        windows: list[Window] = list(fitted["windows"].values())
        kept = [each.kept_mass for each in windows]
        masses = {"total_mass": sum(each.lowest.total_mass for each in windows), "kept_mass": sum(kept)}
        if self.within is None:
            return masses
        return {**masses, "groups": len(windows), "largest_kept_mass": max(kept, default=0.0)}

    def in_sample(self, share: float) -> Self:
        """The selector's budget in proportion."""
        return self.model_copy(update={"selector": self.selector.in_sample(share)})

    def ranks(self, seed: int, rows: pa.Table) -> Ranks:
        """Of each row its group, the selector's key, the hash of its id, and the mass."""
        key = ordered_bits(np.asarray(self.selector.key(rows, seed), dtype=np.float64))
        mass = np.asarray(self.selector.mass(rows), dtype=np.float64)
        return Ranks(group_numbers(rows, self.within), key, key64(one_array(rows[ID]), seed, "tie"), mass)

    @property
    def _ranked_by(self) -> set[str]:
        return {ID, *self.selector.columns, *([self.within] if self.within is not None else [])}
