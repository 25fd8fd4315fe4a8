"""Task: work of a single piece, done on a node of the cluster that has what it takes, while the driver waits."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from pipelines.contracts.rows import Resources
from pipelines.contracts.storage_errors import storage_told
from pipelines.passes.worker_errors import mistakes_told

P = ParamSpec("P")
R = TypeVar("R")


def in_task(resources: Resources, function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
    """What the function returns; a Mistake, or an OSError, that it raises arrives as a Mistake."""
    import ray

    task: Any = ray.remote(**ray_options(resources))(_done)
    with mistakes_told():
        answer: R = ray.get(task.remote(function, *arguments, **options))
        return answer


def ray_options(resources: Resources) -> dict[str, Any]:
    """What Ray is asked for one worker."""
    asked = {"num_cpus": resources.cpus, "num_gpus": resources.gpus}
    if resources.memory_gb:
        asked["memory"] = int(resources.memory_gb * 1e9)
    return asked | ({"accelerator_type": resources.accelerator_type} if resources.accelerator_type else {})


def _done(function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
    with storage_told():
        return function(*arguments, **options)
