"""Step `pack`: documents of tokens to sequences of one length, in buckets of difficulty.

The documents of a shard are put in order of their difficulty bucket, each is closed by the end token, and the stream is
cut every `length` tokens. Nothing is cut away: joining a shard's sequences and splitting at the end tokens gives the
documents back. Only the tail of a shard's last sequence is filled, with more end tokens.
"""

import functools
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.contracts.rows import BUCKET, ID, SEQUENCE, TOKEN_COUNT, TOKENS, Fitted, Outcome
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.corpus.randomness import key64
from pipelines.packing.packed import PackedFacts
from pipelines.packing.sequences import bucket_edges, close_documents, cut
from pipelines.store.encoded import Encoded

SAMPLE_DOCUMENTS = 200_000


class Pack(Step):
    """Writes `sequence` (length tokens) and `bucket` (0 easiest); a sequence has the bucket of its hardest document.

    Buckets are quantiles of the column `by` over the corpus, each with about the same number of tokens; without `by`
    there is one bucket and the order within a shard is random.
    """

    suffix: ClassVar[str] = "arrow"
    version: ClassVar[int] = 2

    length: int = Field(default=512, gt=1)
    by: str | None = None
    easy: Literal["low", "high"] = "low"
    buckets: int = Field(default=20, ge=1, le=256)

    @property
    def seeded(self) -> bool:
        """True: the order of documents in a bucket is drawn by the seed."""
        return True

    @property
    def columns(self) -> list[str]:
        """The id, the tokens, and where there is a column `by` that one and how many tokens a document has."""
        return [ID, TOKENS, *([self.by, TOKEN_COUNT] if self.by else [])]

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """The edges of the buckets, found from a sample of documents drawn by the hash of their ids."""
        return {"encoded": Encoded.model_validate(corpus.details), "edges": self._edges(corpus, seed)}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function that joins the documents of one shard and cuts them into sequences."""
        end = fitted["encoded"].end

        def pack(rows: pa.Table, place: Place) -> Outcome:
            tie = key64(rows[ID].combine_chunks(), seed, "pack")
            bucket = np.zeros(rows.num_rows, dtype=np.int64)
            if self.by is not None:
                bucket = np.searchsorted(fitted["edges"], self.difficulty(rows), side="right")
            order = np.lexsort((tie, bucket))
            lists = rows[TOKENS].combine_chunks().take(pa.array(order))
            stream, documents = close_documents(lists, end)
            sequences, last_document = cut(stream, documents, self.length, end)
            flat = pa.array(sequences.ravel().astype(lists.type.value_type.to_pandas_dtype()))
            table = pa.table(
                {
                    SEQUENCE: pa.FixedSizeListArray.from_arrays(flat, self.length),
                    BUCKET: bucket[order][last_document].astype(np.uint8),
                }
            )
            return Outcome(table, counts={"tokens": float(len(stream)), "documents": float(rows.num_rows)})

        return pack

    def difficulty(self, rows: pa.Table) -> npt.NDArray[np.float64]:
        """(n,) the column `by`, negated where its high end is the easy one."""
        values: npt.NDArray[np.float64] = rows[self.by].to_numpy().astype(np.float64)
        return values if self.easy == "low" else -values

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """What a reader of the sequences has to know: their length, the size of the vocabulary and the end token."""
        encoded: Encoded = fitted["encoded"]
        return PackedFacts(length=self.length, vocab_size=encoded.vocab_size, end=encoded.end).model_dump()

    def _edges(self, corpus: Corpus, seed: int) -> npt.NDArray[np.float64]:
        if self.by is None:
            return np.zeros(0)
        share = min(1.0, SAMPLE_DOCUMENTS / max(corpus.documents, 1))
        drawn = corpus.drawn([self.by, TOKEN_COUNT], share, seed, "edges")
        rows = drawn.map_batches(functools.partial(_measured, self), batch_size=None, batch_format="pyarrow")
        batches = list(rows.iter_batches(batch_size=None, batch_format="numpy"))
        values, lengths = (np.concatenate([batch[name] for batch in batches]) for name in ("value", "length"))
        return bucket_edges(values, lengths, self.buckets)


def _measured(step: Pack, rows: pa.Table) -> pa.Table:
    return pa.table({"value": step.difficulty(rows), "length": pc.cast(rows[TOKEN_COUNT], pa.float64())})
