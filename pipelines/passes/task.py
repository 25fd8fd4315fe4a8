"""Task: work of a single piece, done on a node of the cluster that has what it takes, while the driver waits."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from pipelines.contracts.rows import Resources
from pipelines.contracts.storage_errors import storage_told
from pipelines.passes.worker_errors import mistakes_told

P = ParamSpec("P")
R = TypeVar("R")

OPTIONS = {"CPU": "num_cpus", "GPU": "num_gpus"}  # how a task asks for these; all else by its own name


def in_task(resources: Resources, function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
    """What the function returns; a Mistake, or an OSError, that it raises arrives as a Mistake."""
    import ray

    task: Any = ray.remote(**ray_options(resources))(_done)
    with mistakes_told():
        answer: R = ray.get(task.remote(function, *arguments, **options))
        return answer


def ray_resources(resources: Resources) -> dict[str, float]:
    """What one worker takes, by the names under which Ray counts it; memory in bytes."""
    memory = {"memory": int(resources.memory_gb * 1e9)} if resources.memory_gb else {}
    return {"CPU": resources.cpus, "GPU": resources.gpus, **memory}


def ray_options(resources: Resources) -> dict[str, Any]:
    """What Ray is asked for one worker."""
    asked: dict[str, Any] = {OPTIONS.get(name, name): amount for name, amount in ray_resources(resources).items()}
    return asked | ({"accelerator_type": resources.accelerator_type} if resources.accelerator_type else {})


def _done(function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
    with storage_told():
        return function(*arguments, **options)
