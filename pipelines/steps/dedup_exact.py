"""Step `dedup_exact`: one copy of every text, over the whole corpus.

Two texts are the same when they are equal folded: in Unicode NFKC and lower case, less invisible characters, all white
space as single blanks (`pipelines/texts/folding.py`); `normalize: exact` compares the bytes as they are. Of equal texts
the one with the smallest (id, shard, row) survives, whatever the order of the rows or the number of workers.
"""

import functools
from typing import Annotated, ClassVar

from pydantic import Field

from pipelines.contracts.component import PLACEMENT
from pipelines.contracts.rows import ID, TEXT, Fitted
from pipelines.contracts.step import Corpus, Step, StepFn
from pipelines.duplicates.exact import BUCKET, Normalize, find_losers, with_keys
from pipelines.duplicates.losers import dropper, put_gathered, put_scattered


class DedupExact(Step):
    """Drops every document whose normalized text another document has; the reason is `duplicate`, the detail its id."""

    version: ClassVar[int] = 2  # 2: all of Unicode's white space is folded, invisible characters are left out

    normalize: Normalize = "folded"

    bucket_rows: Annotated[int, PLACEMENT] = Field(default=1_000_000, gt=0)

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """Finds the losers of every group of equal texts by a shuffle on the hash: only hashes and ids travel."""
        buckets = max(1, -(-corpus.documents // self.bucket_rows))
        key = functools.partial(with_keys, self.normalize, buckets)
        keyed = corpus.rows([ID, TEXT]).map_batches(key, batch_format="pyarrow")
        if buckets == 1:
            gathered = keyed.repartition(1).map_batches(find_losers, batch_size=None, batch_format="pyarrow")
            put_gathered(corpus, gathered)
        else:
            put_scattered(corpus, keyed.groupby(BUCKET).map_groups(find_losers, batch_format="pyarrow"))
        return {"corpus": corpus}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """Drops the losers among the rows at hand, which are told by their place."""
        return dropper(fitted["corpus"], "duplicate")
