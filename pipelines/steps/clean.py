"""Step `clean`: every filter over every text in one fused pass; the first filter that objects gives the reason."""

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts.filter import Filter, FilterFn
from pipelines.contracts.rows import DROPPED, ID, TEXT, Fitted, Outcome
from pipelines.contracts.step import Place, Step, StepFn


class Clean(Step):
    """Drops the rows that a filter objects to. Each filter sees only what the ones before it kept."""

    filters: list[Filter] = Field(min_length=1)

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function for one table of rows, with every filter opened once."""
        judges = [(each.kind, each.open()) for each in self.filters]

        def clean(rows: pa.Table, place: Place) -> Outcome:
            dropped = []
            for kind, judge in judges:
                rows, objected = _apply(rows, kind, judge)
                dropped.append(objected)
            return Outcome(rows, pa.concat_tables(dropped))

        return clean


def _apply(rows: pa.Table, kind: str, judge: FilterFn) -> tuple[pa.Table, pa.Table]:
    reasons = judge(rows[TEXT].combine_chunks())
    objected = pc.is_valid(reasons)
    if not pc.any(objected, min_count=0).as_py():
        return rows, DROPPED.empty_table()
    lost = rows.select([ID]).filter(objected)
    reason = pc.binary_join_element_wise(kind, pc.cast(reasons.filter(objected), pa.string()), ":")
    detail = pc.utf8_slice_codeunits(pc.cast(rows[TEXT].filter(objected), pa.string()), 0, 160)
    table = pa.table([lost[ID], reason, detail], schema=DROPPED)
    return rows.filter(pc.invert(objected)), table
