"""Failures: a Mistake that a worker finds ends the run, since it would be found again; all others are tried again."""

from collections.abc import Iterable
from typing import Any

from ray.train import TrainingFailedError, UserCallback

from pipelines.contracts.mistakes import Mistake


class EndsAtMistake(UserCallback):
    """Ray Train does not try again what a callback raises."""

    def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
        """The errors of workers by their rank; the first Mistake among them is raised."""
        if (mistake := _mistake(worker_exceptions.values())) is not None:
            raise mistake


def told(error: TrainingFailedError) -> Exception:
    """The Mistake that ended a run, or the error as it is."""
    reason = getattr(error, "controller_failure", error)
    return reason if isinstance(reason, Mistake) else error


def _mistake(errors: Iterable[Exception]) -> Mistake | None:
    inner = (getattr(error, "_base_exc", error) for error in errors)  # Ray Train wraps an error to keep its stack
    return next((error for error in inner if isinstance(error, Mistake)), None)
