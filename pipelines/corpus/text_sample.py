"""A sample of a corpus' text that fits in memory, for what is learned before the rows are gone through."""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, TEXT
from pipelines.contracts.step import Corpus
from pipelines.corpus.randomness import uniform
from pipelines.texts.arrays import one_array


def text_sample(corpus: Corpus, sample_bytes: int, seed: int, purpose: str) -> list[str]:
    """The texts of `sampled`."""
    texts: list[str] = sampled(corpus, sample_bytes, seed, purpose)[TEXT].to_pylist()
    return texts


def sampled(corpus: Corpus, sample_bytes: int, seed: int, purpose: str) -> pa.Table:
    """ID and TEXT of about `sample_bytes` of text, or all, sorted by id; seed, purpose and ids alone say which rows.

    There is one document at least, however large; Mistake where there is none with text. One pass over the ids, and
    over the texts of row groups with a row of the sample; more only where documents are larger than the sample.
    """
    share = sample_bytes / max(corpus.text_bytes, 1)
    rows = _drawn(corpus, share, seed, purpose)
    while not rows.num_rows and share < 1:
        share = max(2 * share, 1 / corpus.documents)
        rows = _first(_drawn(corpus, share, seed, purpose), seed, purpose)
    if not rows.num_rows:
        raise Mistake(f"'{purpose}' has no text to learn from; look at what the steps before it dropped")
    return rows.sort_by(ID)


def _drawn(corpus: Corpus, share: float, seed: int, purpose: str) -> pa.Table:
    drawn = corpus.drawn([ID, TEXT], share, seed, purpose)
    parts = drawn.map_batches(_with_text, batch_size=None, batch_format="pyarrow")
    nothing = pa.table({ID: pa.array([], pa.string()), TEXT: pa.array([], pa.string())})
    tables = list(parts.iter_batches(batch_size=None, batch_format="pyarrow"))
    return pa.concat_tables(tables) if tables else nothing


def _with_text(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.greater(pc.binary_length(rows[TEXT]), 0))


def _first(rows: pa.Table, seed: int, purpose: str) -> pa.Table:
    """The document with the least draw."""
    draws = uniform(one_array(rows[ID]), seed, purpose)
    return rows.filter(pa.array(draws == draws.min(initial=1.0)))
