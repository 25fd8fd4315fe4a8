"""One pass over a stored dataset by Ray Data: units of work in, records of finished units out.

A unit is some whole shards, a row group of one, some input files or a stretch of one. Ray Data maps the units over
tasks or an actor pool; the rows themselves are read, worked on and written by the worker and never pass through the
driver or the object store. A finished unit is recorded in the store before its record is returned, so a later build
of the same address, after a kill at any moment, does only what is missing.
"""

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Resources
from pipelines.contracts.storage_errors import storage_told
from pipelines.passes.progress import UnitsDone, told
from pipelines.passes.task import ray_options
from pipelines.passes.units import Attempt, Unit, few_blocks, units_dataset, units_in
from pipelines.passes.worker_errors import mistakes_told
from pipelines.store.manifest import UnitRecord

if TYPE_CHECKING:
    import ray
    import ray.data

RECORD = "record"

# On a thread Ray Data learns a round of its loop later, 0.1 s, that a task is done, and its core waits for the next.
os.environ.setdefault("RAY_DATA_METADATA_PREFETCH_ON_THREAD", "0")


class Work(Protocol):
    """What a pass does to one unit; loaded once in each worker, picklable before that."""

    def open(self) -> Callable[[Unit], UnitRecord]:
        """Loads what the work needs and returns the function that does one unit."""


def run(attempt: Attempt, units: Sequence[Unit], work: Work, resources: Resources) -> list[UnitRecord]:
    """All units are done and recorded; returns their records in the order of the units.

    Units that an earlier attempt recorded are not done again.
    """
    done = attempt.store.unit_records(attempt.address)
    missing = [unit for unit in units if unit.name not in done]
    progress = UnitsDone(attempt.address, len(missing))
    with told(progress.line):
        for record in _map(missing, work, resources):
            done[record.unit] = record
            progress.done += 1
    return [done[unit.name] for unit in units]


def _map(units: Sequence[Unit], work: Work, resources: Resources) -> Iterator[UnitRecord]:
    if not units:
        return
    import ray

    shared = ray.put(work)
    options = ray_options(resources)
    if resources.workers:
        pool = ray.data.ActorPoolStrategy(min_size=1, max_size=min(resources.workers, len(units)))
        options |= {"compute": pool, "fn_constructor_args": (shared,)}
    else:
        options |= {"fn_args": (shared,)}
    worker: Any = _Worker if resources.workers else _run_task
    blocks = len(units) if resources.workers else few_blocks(units)
    records = units_dataset(units, blocks).map_batches(worker, batch_size=1, batch_format="pyarrow", **options)
    with mistakes_told():
        for record in records.iter_rows():
            yield UnitRecord.model_validate_json(record[RECORD])


def _finish(do: Callable[[Unit], UnitRecord], batch: pa.Table) -> pa.Table:
    with storage_told():
        return pa.table({RECORD: [do(unit).model_dump_json() for unit in units_in(batch)]})


class _Worker:
    """An actor of a pool: the work is opened when the actor starts.

    What cannot be opened is told at the first unit, since Ray starts an actor that does not start again and again, and
    prints what it died of each time.
    """

    def __init__(self, work: "ray.ObjectRef[Work]") -> None:
        try:
            self._do = _open(work)
        except Mistake as mistake:
            self._do = functools.partial(_tell, mistake)

    def __call__(self, batch: pa.Table) -> pa.Table:
        return _finish(self._do, batch)


def _tell(mistake: Mistake, unit: Unit) -> UnitRecord:
    raise mistake


def _open(work: "ray.ObjectRef[Work]") -> Callable[[Unit], UnitRecord]:
    import ray

    with storage_told():
        return ray.get(work).open()


def _run_task(batch: pa.Table, work: "ray.ObjectRef[Work]") -> pa.Table:
    return _finish(_opened(work), batch)


@functools.lru_cache(maxsize=1)
def _opened(work: "ray.ObjectRef[Work]") -> Callable[[Unit], UnitRecord]:
    return _open(work)
