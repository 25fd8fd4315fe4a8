"""Step `quota`: from every source at most its share of a budget, drawn at random by the hash of the id."""

import functools
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts.rows import DROPPED, ID, SOURCE, TEXT, Fitted, Outcome
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.corpus.cutoff import Cutoff, Uint64Array, find_cutoff
from pipelines.corpus.randomness import key64
from pipelines.texts.arrays import bytes_and_offsets, one_array
from pipelines.texts.classes import character_classes


class Quota(Step):
    """Keeps `quotas[source]` rows or tokens of every source named there.

    Tokens are the words between white space; in Chinese, Japanese and Thai every letter is one.

    A source that has less keeps all it has; rows of a source that is not named are dropped as `no_quota`, those
    beyond a quota as `over_quota`.
    """

    version: ClassVar[int] = 2  # 2: letters of scripts without spaces are tokens

    quotas: dict[str, Annotated[float, Field(ge=0)]] = Field(min_length=1)
    count: Literal["rows", "tokens"] = "rows"

    @property
    def seeded(self) -> bool:
        """True: the rows of a source are drawn by the seed."""
        return True

    @property
    def columns(self) -> list[str]:
        """The id, the source, and the text where tokens are counted."""
        return [ID, SOURCE, *([TEXT] if self.count == "tokens" else [])]

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """`{"cutoffs": {source: Cutoff}}`, found by one global selection for each source."""
        cutoffs = {}
        for name, quota in self.quotas.items():
            mine = corpus.rows(self.columns).map_batches(
                functools.partial(_of_source, name), batch_size=None, batch_format="pyarrow"
            )
            rank = functools.partial(_rank, self.count, seed)
            cutoffs[name] = find_cutoff(mine, rank, functools.partial(min, quota), corpus.documents)
        return {"cutoffs": cutoffs}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function for one table of rows, which compares every row with the cutoff of its source."""
        cutoffs: dict[str, Cutoff] = fitted["cutoffs"]

        def thin(rows: pa.Table, place: Place) -> Outcome:
            tie = key64(rows[ID].combine_chunks(), seed, "quota")
            named, keep = np.zeros(rows.num_rows, dtype=bool), np.zeros(rows.num_rows, dtype=bool)
            for name, cutoff in cutoffs.items():
                mine = pc.equal(rows[SOURCE], name).to_numpy()
                named |= mine
                keep |= mine & cutoff.keeps(np.zeros_like(tie), tie)
            lost = rows.filter(pa.array(~keep))
            reason = pa.array(np.where(named[~keep], "over_quota", "no_quota"), pa.string())
            dropped = pa.table([lost[ID], reason, pc.cast(lost[SOURCE], pa.string())], schema=DROPPED)
            return Outcome(rows.filter(pa.array(keep)), dropped)

        return thin

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """For every source the rows or tokens that it had and that were kept."""
        return {
            name: {"had": cutoff.total_mass, "gave": cutoff.kept_mass} for name, cutoff in fitted["cutoffs"].items()
        }


def _of_source(name: str, rows: pa.Table) -> pa.Table:
    return rows.filter(pc.equal(rows[SOURCE], name))


def _rank(count: str, seed: int, rows: pa.Table) -> tuple[Uint64Array, Uint64Array, npt.NDArray[np.float64]]:
    tie = key64(rows[ID].combine_chunks(), seed, "quota")
    mass = np.ones(rows.num_rows)
    if count == "tokens":
        from pipelines.texts.words import SPACED_WORDS, UNSPACED_WORDS, count_words

        counts = count_words(*bytes_and_offsets(one_array(rows[TEXT])), character_classes())
        mass = (counts[:, SPACED_WORDS] + counts[:, UNSPACED_WORDS]).astype(np.float64)
    return np.zeros_like(tie), tie, mass
