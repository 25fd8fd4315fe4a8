"""A sample of a corpus' text that fits in memory, for what is learned before the rows are gone through."""

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts import ID, TEXT
from pipelines.documents import one_array
from pipelines.randomness import uniform

if TYPE_CHECKING:
    import ray.data


def text_sample(rows: "ray.data.Dataset", sample_bytes: int, seed: int, purpose: str) -> list[str]:
    """About `sample_bytes` of text, or all there is, sorted by id; which rows depends on seed, purpose and ids alone.

    ValueError where there is no text. Two passes: the first adds up the bytes, one number a block; only the rows of the
    sample come to the driver.
    """
    sizes = rows.map_batches(_text_bytes, batch_size=None, batch_format="pyarrow")
    total_bytes = sum(int(part["bytes"].sum()) for part in sizes.iter_batches(batch_size=None, batch_format="numpy"))
    share = sample_bytes / max(total_bytes, 1)

    def chosen(batch: pa.Table) -> pa.Table:
        return batch.select([ID, TEXT]).filter(pa.array(uniform(one_array(batch[ID]), seed, purpose) < share))

    parts = rows.map_batches(chosen, batch_size=None, batch_format="pyarrow")
    tables = list(parts.iter_batches(batch_size=None, batch_format="pyarrow"))
    texts = pa.concat_tables(tables).sort_by(ID)[TEXT].to_pylist() if tables else []
    if not texts:
        raise ValueError(f"'{purpose}' has no text to learn from; look at what the steps before it dropped")
    return texts


def _text_bytes(batch: pa.Table) -> pa.Table:
    return pa.table({"bytes": [pc.sum(pc.binary_length(batch[TEXT]), min_count=0).cast(pa.int64())]})
