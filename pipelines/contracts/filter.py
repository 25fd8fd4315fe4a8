"""Filter: the contract of a judge that sees one text at a time."""

from collections.abc import Callable
from typing import ClassVar

import pyarrow as pa

from pipelines.contracts.component import Component

FilterFn = Callable[[pa.Array], pa.Array]  # (n,) texts -> (n,) string array: null where kept, else the reason


class Filter(Component):
    """Judges each text alone: null where it is kept, else a short snake_case reason."""

    family: ClassVar[str] = "pipelines.filters"

    def open(self) -> FilterFn:
        """The judge; called once in each worker."""
        raise NotImplementedError
