"""Step `quota`: from every source at most its share of a budget, drawn at random by the hash of the id."""

import functools
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts.rows import DROPPED, ID, SOURCE, TEXT, Fitted, Outcome
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.corpus.cutoff import NOTHING, Cutoff, Ranks, Uint64Array, find_cutoffs
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
        """`{"cutoffs": {source: Cutoff}}`, found by one global selection for all sources together."""
        rank = functools.partial(_rank, list(self.quotas), self.count, seed)
        most = list(self.quotas.values())

        def cuts(totals: Mapping[int, float]) -> dict[int, list[float]]:
            return {number: [min(most[number], total)] for number, total in totals.items()}

        found = find_cutoffs(corpus.rows(self.columns), rank, cuts, corpus.documents)
        return {"cutoffs": {name: found.get(number, [NOTHING])[0] for number, name in enumerate(self.quotas)}}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function for one table of rows, which compares every row with the cutoff of its source."""
        cutoffs: dict[str, Cutoff] = fitted["cutoffs"]

        def thin(rows: pa.Table, place: Place) -> Outcome:
            key, group = _key(rows, seed), _group(rows, list(cutoffs))
            keep = np.zeros(rows.num_rows, dtype=bool)
            for number, cutoff in enumerate(cutoffs.values()):
                mine = group == number
                keep[mine] = cutoff.keeps(key[mine], np.zeros_like(key[mine]))
            lost = rows.filter(pa.array(~keep))
            reason = pa.array(np.where(group[~keep] >= 0, "over_quota", "no_quota"), pa.string())
            dropped = pa.table([lost[ID], reason, pc.cast(lost[SOURCE], pa.string())], schema=DROPPED)
            return Outcome(rows.filter(pa.array(keep)), dropped)

        return thin

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """For every source the rows or tokens that it had and that were kept."""
        return {
            name: {"had": cutoff.total_mass, "gave": cutoff.kept_mass} for name, cutoff in fitted["cutoffs"].items()
        }


def _key(rows: pa.Table, seed: int) -> Uint64Array:
    """(n,) the hash of the id, which decides alone."""
    return key64(one_array(rows[ID]), seed, "quota")


def _group(rows: pa.Table, names: list[str]) -> npt.NDArray[np.int64]:
    """(n,) the place of each row's source among the names, -1 where it is none of them."""
    places = pc.index_in(rows[SOURCE], pa.array(names, rows[SOURCE].type)).fill_null(-1)
    groups: npt.NDArray[np.int64] = places.to_numpy().astype(np.int64)
    return groups


def _rank(names: list[str], count: str, seed: int, rows: pa.Table) -> Ranks:
    group = _group(rows, names)
    rows, group = rows.filter(pa.array(group >= 0)), group[group >= 0]
    mass = np.ones(rows.num_rows)
    if count == "tokens":
        from pipelines.texts.words import SPACED_WORDS, UNSPACED_WORDS, count_words

        counts = count_words(*bytes_and_offsets(one_array(rows[TEXT])), character_classes())
        mass = (counts[:, SPACED_WORDS] + counts[:, UNSPACED_WORDS]).astype(np.float64)
    key = _key(rows, seed)
    return Ranks(group, key, np.zeros_like(key), mass)
