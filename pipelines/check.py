"""Check: what can be known to be wrong with a data config by looking at a few rows of its input."""

from itertools import islice

from pipelines.config import DataConfig
from pipelines.contracts.rows import ID, SOURCE, TEXT
from pipelines.contracts.source import Source
from pipelines.contracts.step import require_columns

PEEKED_FILES = 50


def check_data(config: DataConfig) -> None:
    """Raises Mistake with the cure: missing input or columns, in the order in which the steps would meet them."""
    config.source.check()
    columns = peek_columns(config.source)
    for name, step in config.steps.items():
        step.check()
        require_columns(f"data.steps.{name}", step.columns, columns)
        columns = [*columns, *step.adds]
    config.codec.check()
    if config.pack.by is not None:
        require_columns("data.pack.by", [config.pack.by], columns)


def peek_columns(source: Source) -> list[str]:
    """The columns that documents of the source will have, from the first readable rows."""
    for file in islice(source.files(), PEEKED_FILES):
        for read in source.read(file):
            if read.rows.num_rows:
                return [*{ID, TEXT, SOURCE, *read.rows.column_names}]
    return [ID, TEXT, SOURCE]
