"""StepWork: what a pass does to one unit of a stored dataset."""

import functools
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.rows import TEXT, Outcome
from pipelines.contracts.step import StepFn
from pipelines.passes.units import Attempt, Unit, read_unit
from pipelines.store.manifest import Manifest, Shard, UnitRecord

SAMPLES_PER_UNIT = 3
EXAMPLES_PER_REASON = 2
SAMPLE_CHARACTERS = 2_000


def text_bytes(table: pa.Table) -> int:
    """UTF-8 bytes of all texts in the table together."""
    return int(pc.sum(pc.binary_length(table[TEXT])).as_py() or 0)


@dataclass(frozen=True)
class StepWork:
    """The work of a row-local step: a unit of a stored dataset through `apply`, the kept rows into a shard."""

    attempt: Attempt
    manifest: Manifest
    suffix: str
    opener: Callable[[], StepFn]

    def open(self) -> Callable[[Unit], UnitRecord]:
        """The function that does one unit, the step opened once for all units of a worker."""
        return functools.partial(self._do, self.opener())

    def _do(self, apply: StepFn, unit: Unit) -> UnitRecord:
        started = time.monotonic()
        rows_in, bytes_in = 0, 0
        outcomes: list[Outcome] = []
        shards: list[Shard] = []
        for table, place in read_unit(self.attempt.store, self.manifest, unit):
            outcome, table_bytes = apply(table, place), text_bytes(table)
            shards += self._written(f"part-{unit.name}-{len(shards)}", outcome.rows, table_bytes)
            outcomes.append(outcome)
            rows_in += table.num_rows
            bytes_in += table_bytes
        dropped = pa.concat_tables([outcome.dropped for outcome in outcomes])
        if dropped.num_rows:
            self.attempt.store.write_table(self.attempt.file(f"dropped-{unit.name}.parquet"), dropped, 0)
        record = UnitRecord(
            unit=unit.name,
            shards=shards,
            rows_in=rows_in,
            bytes_in=bytes_in,
            dropped=count_values(dropped["reason"]),
            counts=total(outcome.counts for outcome in outcomes),
            samples=_samples(pa.concat_tables([outcome.samples for outcome in outcomes])),
            examples=_examples(dropped),
            columns=[columns_of(outcome.rows.schema) for outcome in outcomes if outcome.rows.num_rows],
            seconds=time.monotonic() - started,
        )
        return self.attempt.record(record)

    def _written(self, name: str, rows: pa.Table, bytes_in: int) -> list[Shard]:
        """The shard of these rows, if there are any; rows without a text count the bytes they were made of."""
        if not rows.num_rows:
            return []
        kept_bytes = text_bytes(rows) if TEXT in rows.column_names else bytes_in
        return [self.attempt.store.write_table(self.attempt.file(f"{name}.{self.suffix}"), rows, kept_bytes)]


def count_values(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each value occurs in the column, by value."""
    return {entry["values"]: entry["counts"] for entry in pc.value_counts(column).to_pylist()}


def total(counts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The sums of the counters by key, in the order of the keys."""
    result: Counter[str] = Counter()
    for count in counts:
        result.update(count)
    return dict(sorted(result.items()))


def columns_of(schema: pa.Schema) -> dict[str, str]:
    """The columns' types by their names."""
    return {field.name: str(field.type) for field in schema}


def _samples(samples: pa.Table) -> list[dict[str, str]]:
    rows = samples.slice(0, SAMPLES_PER_UNIT).to_pylist()
    return [{key: value[:SAMPLE_CHARACTERS] for key, value in row.items()} for row in rows]


def _examples(dropped: pa.Table) -> list[dict[str, str]]:
    seen: Counter[str] = Counter()
    examples = []
    for row in dropped.slice(0, 200).to_pylist():
        seen[row["reason"]] += 1
        if seen[row["reason"]] <= EXAMPLES_PER_REASON:
            examples.append({key: str(value or "")[:300] for key, value in row.items()})
    return examples
