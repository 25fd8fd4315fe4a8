"""A sample of a corpus' text that fits in memory, for what is learned before the rows are gone through."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, TEXT
from pipelines.corpus.randomness import uniform
from pipelines.texts.arrays import one_array

if TYPE_CHECKING:
    import ray.data


def text_sample(rows: "ray.data.Dataset", sample_bytes: int, seed: int, purpose: str) -> list[str]:
    """About `sample_bytes` of text, or all there is, sorted by id; which rows depends on seed, purpose and ids alone.

    There is one document at least, however large; Mistake where there is none with text. Two passes: the first adds
    up the bytes, two numbers a block; only the rows of the sample come to the driver.
    """

    def measured(batch: pa.Table) -> pa.Table:
        sizes = pc.fill_null(pc.binary_length(batch[TEXT]), 0).to_numpy()
        draws = uniform(one_array(batch[ID]), seed, purpose)[sizes > 0]
        return pa.table({"bytes": [int(sizes.sum())], "least": [float(draws.min(initial=np.inf))]})

    blocks = rows.map_batches(measured, batch_size=None, batch_format="pyarrow").take_all()
    share = sample_bytes / max(sum(block["bytes"] for block in blocks), 1)
    least = min((block["least"] for block in blocks), default=np.inf)

    def chosen(batch: pa.Table) -> pa.Table:
        draws = uniform(one_array(batch[ID]), seed, purpose)
        return batch.select([ID, TEXT]).filter(pa.array((draws < share) | (draws == least)))

    parts = rows.map_batches(chosen, batch_size=None, batch_format="pyarrow")
    tables = list(parts.iter_batches(batch_size=None, batch_format="pyarrow"))
    texts = pa.concat_tables(tables).sort_by(ID)[TEXT].to_pylist() if tables else []
    if not texts:
        raise Mistake(f"'{purpose}' has no text to learn from; look at what the steps before it dropped")
    return texts
