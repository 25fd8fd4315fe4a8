"""Check: what can be known to be wrong with a data config by looking at a few rows of its input."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from pipelines.config import CorpusConfig, DataConfig
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, SOURCE, TEXT
from pipelines.contracts.source import Source
from pipelines.contracts.step import require_columns

PEEKED_FILES = 50


def check_data(config: DataConfig, where: str = "data") -> None:
    """Raises Mistake with the cure for what is wrong with the corpus, its codec, or the column to pack by."""
    columns = check_corpus(config, where)
    with within(f"{where}.codec"):
        config.codec.check()
    if config.pack.by is not None:
        require_columns(f"{where}.pack.by", [config.pack.by], columns)


def check_corpus(config: CorpusConfig, where: str = "data") -> list[str]:
    """The columns that its documents have in the end.

    Raises Mistake with the cure: missing input or columns, in the order in which the steps would meet them. `where` is
    the path of the section in the config, with which each message begins.
    """
    with within(f"{where}.source"):
        config.source.check()
        columns = peek_columns(config.source)
    for name, step in config.steps.items():
        with within(f"{where}.steps.{name}"):
            step.check()
        require_columns(f"{where}.steps.{name}", step.columns, columns)
        columns = [*columns, *step.adds]
    return columns


@contextmanager
def within(where: str) -> Iterator[None]:
    """A Mistake from inside begins with the path of the config's section that is at fault."""
    try:
        yield
    except Mistake as error:
        raise Mistake(f"{where}: {error}") from error


def peek_columns(source: Source) -> list[str]:
    """The columns that documents of the source will have, from the first readable rows."""
    for file in islice(source.files(), PEEKED_FILES):
        for read in source.read(file):
            if read.rows.num_rows:
                return [*{ID, TEXT, SOURCE, *read.rows.column_names}]
    return [ID, TEXT, SOURCE]
