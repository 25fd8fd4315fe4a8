"""Metrics: the records of a run, as JSON lines in its folder and as gauges for the dashboard."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from pipelines.contracts.mistakes import Mistake
from pipelines.store.damage import damaged
from pipelines.store.store import Store

FILE = "metrics.jsonl"
Record = dict[str, Any]

GAUGES = ("loss", "learning_rate", "tokens_per_second", "model_flops_utilization", "data_wait_share")


def read(store: Store) -> list[Record]:
    """All records written so far, by step; none where the run has not begun. Mistake where the file is damaged."""
    if not store.filesystem.exists(store.path(FILE)):
        return []
    try:
        return [json.loads(line) for line in store.read(FILE).splitlines()]
    except ValueError as error:
        raise _damaged(store, "is cut off or edited") from error


def _damaged(store: Store, what: str) -> Mistake:
    return damaged(store.path(FILE), what, store.path("").rstrip("/"))


@dataclass
class Journal:
    """The metrics that rank 0 keeps, shows and writes; records after `first_step`, where it goes on, are dropped."""

    store: Store
    first_step: int
    records: list[Record] = field(default_factory=list)
    flush_seconds: float = 2.0

    def __post_init__(self) -> None:
        """Reads what an earlier try wrote, and begins the gauges; Mistake where that is damaged or gone."""
        from ray.util.metrics import Gauge

        self.records = [record for record in read(self.store) if record["step"] <= self.first_step]
        if self.first_step and not self.records:
            raise _damaged(self.store, f"has not the records of the {self.first_step} steps before")
        self._gauges = {name: Gauge(f"gleaner_training_{name}", name.replace("_", " ")) for name in GAUGES}
        self._flushed = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds of training so far, over all attempts, without start-up, evaluation and checkpoints."""
        return float(self.records[-1]["seconds"]) if self.records else 0.0

    def add(self, record: Record) -> None:
        """The record is kept, shown, and in the file within `flush_seconds` of training."""
        self.records.append(record)
        for name, gauge in self._gauges.items():
            if record[name] is not None:
                gauge.set(record[name])
        if time.monotonic() - self._flushed > self.flush_seconds:
            self.flush()

    def flush(self) -> None:
        """All records are in the file."""
        self.store.write(FILE, "".join(json.dumps(record) + "\n" for record in self.records).encode())
        self._flushed = time.monotonic()
