"""Worker errors: a mistake that a worker found is raised in the driver as it is; a fault stays as Ray tells it."""

import contextlib
from collections.abc import Iterator

from pipelines.contracts.mistakes import Mistake


@contextlib.contextmanager
def mistakes_told() -> Iterator[None]:
    """A Mistake of a task or an actor that is waited for inside is raised without Ray's account of where it happened.

    Ray Data keeps it where the context of the dataset has `raise_original_map_exception`, as `units_dataset` sets it.
    """
    from ray.exceptions import RayTaskError

    try:
        yield
    except RayTaskError as error:
        if isinstance(error.cause, Mistake):
            raise error.cause from error
        raise
