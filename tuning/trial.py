"""Trial: one point of a sweep, run as any recipe is; Ray Tune hears of its held-out bits per byte while it trains."""

import math
from typing import TYPE_CHECKING, Any

from pipelines.passes.worker_errors import mistakes_told
from pipelines.store.store import Store
from training.execution import Finished, execute
from training.recipe import Recipe
from training.results import Trained
from training.stages import DivergedError
from tuning.space import Dimension, overridden, values_at

if TYPE_CHECKING:
    from ray.train import UserCallback
    from ray.util.queue import Queue

METRIC = "bits_per_byte"
SHARE = "share"  # of a trial's own training: what ASHA counts time by
UNIFORM_BITS_PER_BYTE = 8.0
FINISHED, STOPPED, DIVERGED = "finished", "stopped", "diverged"  # how trials end
WAIT_SECONDS = 1.0


def run_trial(drawn: dict[str, Any], base: Recipe, space: dict[str, Dimension], store: Store) -> None:
    """The recipe at this point is in the store and Ray Tune knows its bits per byte; runs inside a Ray Tune trial.

    A point at which training diverges has been tried, too: it counts as the model that guesses every byte alike.

    While training, METRIC is of the sample of the held-out text that the curve is made of; the last report, at
    SHARE 1, is of all of it. Whatever else goes wrong in the recipe goes wrong here.
    """
    import ray
    from ray import tune
    from ray.util.queue import Empty, Queue

    config = overridden(base, values_at(space, drawn))
    curve: Queue = Queue(actor_options={"num_cpus": 0})
    # A task of its own: tasks and actors of a trial would have to fit into what the trial itself has reserved.
    placed: Any = ray.remote(execute).options(num_cpus=0, scheduling_strategy="DEFAULT")
    work = placed.remote(config, store, [_reporter(curve, config.training.steps(config.data.pack.length))])
    points: list[list[float]] = []
    try:
        while not ray.wait([work], timeout=0)[0] or not curve.empty():
            try:
                report = curve.get(timeout=WAIT_SECONDS)
            except Empty:
                continue
            points.append([report[SHARE], report[METRIC]])
            tune.report({**report, "curve": list(points)})
        try:
            with mistakes_told():
                last = _final(ray.get(work))
        except DivergedError as error:
            last = _diverged(error, points)
        tune.report(last)
    finally:
        ray.cancel(work, force=True, recursive=False)  # a stopped trial leaves `report` by SystemExit


def _reporter(curve: "Queue", steps: int) -> "UserCallback":
    """A callback that adds each evaluation of a training run to `curve`, except the last, when all text is measured."""
    from ray.train import UserCallback

    class Reporter(UserCallback):
        def after_report(self, run_context: Any, metrics: list[dict[str, Any]], checkpoint: Any) -> None:
            record = metrics[0]
            bits = record["held_out_bits_per_byte"]
            if bits is not None and math.isfinite(bits) and record["step"] < steps:
                curve.put(
                    {
                        SHARE: record["step"] / steps,
                        METRIC: bits,
                        "step": record["step"],
                        "flops": record["flops"],
                    }
                )

    return Reporter()


def _diverged(error: DivergedError, points: list[list[float]]) -> dict[str, Any]:
    return {
        SHARE: 1.0,
        METRIC: UNIFORM_BITS_PER_BYTE,
        "step": error.steps,
        "flops": error.flops,
        "state": DIVERGED,
        "curve": points,
    }


def _final(finished: Finished) -> dict[str, Any]:
    training, found = finished.training, finished.training.details_as(Trained)
    shares = [flops / training.flops for flops in found.held_out_flops]
    return {
        SHARE: 1.0,
        METRIC: finished.bits_per_byte,
        "step": found.steps,
        "flops": training.flops,
        "state": FINISHED,
        "curve": [list(point) for point in zip(shares, found.held_out_bits_per_byte, strict=True)],
        "addresses": {
            "data": finished.data.packed.address,
            "train": training.address,
            "evaluate": finished.evaluation.address,
        },
    }
