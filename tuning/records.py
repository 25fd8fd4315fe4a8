"""Records: what the store knows of the trials of a sweep that has not ended, so that the same command goes on.

    <store>/<sweep>/trials/<trial>.json     what one trial drew and, once it ended, what it came to

Ray Tune's own state is pickled, so it is never read again: whoever may write to a store could run code in the driver.
"""

import logging
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pipelines.store.manifest import Stored
from pipelines.store.store import Store
from tuning.config import TuningConfig
from tuning.results import Trial
from tuning.space import label, values_at
from tuning.trial import METRIC, SHARE, STOPPED

if TYPE_CHECKING:
    from ray import tune

LOGGER = logging.getLogger(__name__)
FOLDER = "trials"
Point = dict[str, Any]  # what was drawn, by dotted config path


class Record(Stored):
    """One trial: the point that was drawn for it, and the trial once it ended."""

    drawn: Point
    trial: Trial | None = None


def ended_trials(store: Store, sweep: str) -> list[tuple[Point, Trial]]:
    """The trials that ended in earlier attempts, each with its point, in the order in which they ended."""
    records = _records(store, sweep).values()
    ended = [(record.drawn, record.trial) for record in records if record.trial is not None]
    return sorted(ended, key=lambda pair: pair[1].number)


def take_begun(store: Store, sweep: str) -> list[Point]:
    """The points of trials that began and did not end; the store forgets them, since they are now drawn first."""
    begun = {file: record for file, record in _records(store, sweep).items() if record.trial is None}
    for file in begun:
        store.filesystem.rm_file(file)
    return [record.drawn for record in begun.values()]


def recorder(store: Store, sweep: str, config: TuningConfig, ended: list[Trial]) -> "tune.Callback":
    """Keeps the record of every trial, prints a line when one ends and adds it to `ended`."""
    from ray import tune

    class Recorder(tune.Callback):
        def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
            _write(store, sweep, trial.trial_id, Record(drawn=trial.config))

        def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
            values = values_at(config.space, trial.config)
            ended.append(_trial(1 + len(ended), values, trial.last_result))
            _write(store, sweep, trial.trial_id, Record(drawn=trial.config, trial=ended[-1]))
            print(_line(ended[-1], config), flush=True)

    return Recorder()


def _write(store: Store, sweep: str, trial: str, record: Record) -> None:
    store.write(f"{sweep}/{FOLDER}/{trial}.json", record.model_dump_json().encode())


def _records(store: Store, sweep: str) -> dict[str, Record]:
    """The records by the paths of their files; one that is not whole counts as not there."""
    folder = store.path(f"{sweep}/{FOLDER}")
    if not store.filesystem.exists(folder):
        return {}
    records = {}
    for path in sorted(store.filesystem.ls(folder, detail=False)):
        try:
            records[path] = Record.model_validate_json(store.filesystem.cat_file(path))
        except ValidationError:
            LOGGER.warning("'%s' is not a whole record of a trial; the trial is drawn anew", path)
    return records


def _trial(number: int, values: dict[str, Any], metrics: dict[str, Any]) -> Trial:
    return Trial(
        number=number,
        values=values,
        state=metrics.get("state", STOPPED),
        bits_per_byte=metrics[METRIC],
        share=metrics[SHARE],
        steps=metrics["step"],
        flops=metrics["flops"],
        seconds=metrics["time_total_s"],
        curve=metrics["curve"],
        addresses=metrics.get("addresses", {}),
    )


def _line(trial: Trial, config: TuningConfig) -> str:
    given = " ".join(f"{path}={label(value)}" for path, value in trial.values.items())
    told = f"{trial.bits_per_byte:.4f} bits per byte after {trial.share:.0%} of the training"
    return f"trial {trial.number} of {config.trials}: {told}: {given}"
