"""One pass over a stored dataset by Ray Data: units of work in, records of finished units out.

A unit is a whole shard, one of its row groups, or a group of input files. Ray Data maps the units over tasks or an
actor pool; the rows themselves are read, worked on and written by the worker and never pass through the driver or
the object store. A finished unit is recorded in the store before its record is returned, so a later build of the
same address, after a kill at any moment, does only what is missing.
"""

import functools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from pipelines.contracts.rows import Resources
from pipelines.passes.units import Attempt, Unit, few_blocks, units_dataset, units_in
from pipelines.store.manifest import UnitRecord

if TYPE_CHECKING:
    import ray
    import ray.data

RECORD = "record"
TOLD = r"^(ValueError|(?:OS|Permission|FileNotFound|NotADirectory)Error): (.+)$"
CHAINED = r"The above exception was the direct cause|During handling of the above exception, another exception occurred"

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
    for record in _map(missing, work, resources):
        done[record.unit] = record
    return [done[unit.name] for unit in units]


def _map(units: Sequence[Unit], work: Work, resources: Resources) -> Iterator[UnitRecord]:
    if not units:
        return
    import ray

    shared = ray.put(work)
    options: dict[str, Any] = {"num_cpus": resources.cpus, "num_gpus": resources.gpus or None}
    if resources.workers:
        pool = ray.data.ActorPoolStrategy(min_size=1, max_size=min(resources.workers, len(units)))
        options |= {"compute": pool, "fn_constructor_args": (shared,)}
    else:
        options |= {"fn_args": (shared,)}
    worker: Any = _Worker if resources.workers else _run_task
    blocks = len(units) if resources.workers else few_blocks(len(units))
    records = units_dataset(units, blocks).map_batches(worker, batch_size=1, batch_format="pyarrow", **options)
    try:
        for record in records.iter_rows():
            yield UnitRecord.model_validate_json(record[RECORD])
    except ray.exceptions.RayError as error:
        raise explained(error) from error


def explained(error: Exception) -> Exception:
    """A worker's ValueError or OSError as one sentence; any other error of a worker is a fault and stays as it is.

    Ray Data keeps an error's text and drops its type, so it is told by its line in the worker's traceback. Of errors
    that led to one another the last counts that is not Ray's own.
    """
    chain = [part for part in re.split(CHAINED, str(error)) if not re.search(r"^ray\.exceptions\.", part, re.M)]
    told = re.search(TOLD, chain[-1], re.M) if chain else None
    if told is None:
        return error
    if told[1] == "ValueError":
        return ValueError(told[2])
    return ValueError(
        f"a worker could not read or write: {told[2]}; what was finished is kept: mend that and run the same command "
        "again"
    )


def _finish(do: Callable[[Unit], UnitRecord], batch: pa.Table) -> pa.Table:
    return pa.table({RECORD: [do(unit).model_dump_json() for unit in units_in(batch)]})


class _Worker:
    """An actor of a pool: the work is opened when the actor starts.

    What cannot be opened is told at the first unit, since Ray starts an actor that does not start again and again, and
    prints what it died of each time.
    """

    def __init__(self, work: "ray.ObjectRef[Work]") -> None:
        import ray

        try:
            self._do = ray.get(work).open()
        except (ValueError, OSError) as error:
            self._do = functools.partial(_tell, error)

    def __call__(self, batch: pa.Table) -> pa.Table:
        return _finish(self._do, batch)


def _tell(error: Exception, unit: Unit) -> UnitRecord:
    raise error


def _run_task(batch: pa.Table, work: "ray.ObjectRef[Work]") -> pa.Table:
    return _finish(_opened(work), batch)


@functools.lru_cache(maxsize=1)
def _opened(work: "ray.ObjectRef[Work]") -> Callable[[Unit], UnitRecord]:
    import ray

    return ray.get(work).open()
