"""Step `encode`: texts to tokens by a codec that is trained on the corpus first, and proof that they come back."""

import functools
import hashlib
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.codec import Codec, Coder, TokenArrays, come_back
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import (
    CODEC_FILES,
    ID,
    TEXT,
    TEXT_BYTES,
    TOKEN_COUNT,
    TOKENS,
    Fitted,
    Outcome,
    Resources,
    Verify,
)
from pipelines.contracts.step import Corpus, Place, Step, StepFn
from pipelines.corpus.text_sample import text_sample
from pipelines.store.encoded import Encoded

SAMPLE_BYTES = 1 << 14  # of text that is decoded again, of every shard


class Encode(Step):
    """Adds `tokens`, a list of uint16 or uint32 for every text without the end token, `token_count` and `text_bytes`.

    A sample of every shard is decoded again, or all of it with `verify: all`. A text that does not come back from a
    lossless codec is an error; of others it is counted. The manifest's details say how to decode the tokens with
    nothing but the store: `codec`, and the `files` of the codec by their hash.
    """

    version: ClassVar[int] = 2

    codec: Codec
    verify: Verify = "sample"

    @property
    def seeded(self) -> bool:
        """True: the codec is trained on a sample that the seed draws."""
        return True

    @property
    def adds(self) -> list[str]:
        """The tokens, how many there are, and the bytes of the text."""
        return [TOKENS, TOKEN_COUNT, TEXT_BYTES]

    @property
    def by_row_group(self) -> bool:
        """True where the codec asks a model for what it encodes."""
        return self.codec.asks_model

    @property
    def resources(self) -> Resources:
        """What one encoding worker takes, as the codec says."""
        return self.codec.resources

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """The files of the codec, trained on a sample of the corpus, by name."""
        return {CODEC_FILES: self.codec.train(functools.partial(text_sample, corpus), seed)}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """The function that encodes one table of rows; Mistake where a lossless codec does not give a text back."""
        coder = self.codec.open(fitted[CODEC_FILES])

        def encode(rows: pa.Table, place: Place) -> Outcome:
            tokens = coder.encode(rows[TEXT].to_pylist())
            sizes = pc.binary_length(rows[TEXT]).cast(pa.int64())
            lengths = np.array([len(each) for each in tokens], np.int64)
            columns = {TOKENS: _lists(tokens, token_type(coder)), TOKEN_COUNT: pa.array(lengths), TEXT_BYTES: sizes}
            checked = self._chosen(sizes.to_numpy())
            chosen = rows.take(pa.array(checked, pa.int64()))
            counts = {
                "tokens": float(lengths.sum()),
                "flops": coder.flops_per_byte * float(pc.sum(sizes).as_py() or 0),
                "round_trips_checked": float(len(checked)),
                "round_trips": float(self._come_back(coder, chosen, [tokens[row] for row in checked])),
            }
            kept = rows.drop_columns([name for name in columns if name in rows.column_names])
            for name, column in columns.items():
                kept = kept.append_column(name, column)
            return Outcome(kept, counts=counts)

        return encode

    def artifacts(self, fitted: Fitted) -> dict[str, bytes]:
        """The trained codec's files."""
        return {f"{CODEC_FILES}/{name}": data for name, data in fitted[CODEC_FILES].items()}

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """What the following steps have to know of the tokens, and what a decoder has to."""
        coder = self.codec.open(fitted[CODEC_FILES])
        return Encoded(
            vocab_size=coder.vocab_size,
            end=coder.end,
            lossless=self.codec.lossless,
            codec=self.codec.model_dump(mode="json"),
            files={name: hashlib.sha256(data).hexdigest() for name, data in fitted[CODEC_FILES].items()},
        ).model_dump()

    def _chosen(self, sizes: "np.ndarray[Any, np.dtype[np.int64]]") -> list[int]:
        """Rows to be decoded again: all, or spread evenly as many as SAMPLE_BYTES have room for, one at least."""
        if self.verify == "all" or not len(sizes):
            return list(range(len(sizes)))
        count = int(np.clip(SAMPLE_BYTES / max(1.0, sizes.mean()), 1, len(sizes)))
        spread = np.linspace(0, len(sizes) - 1, count).astype(int)
        fitting = spread[np.cumsum(sizes[spread]) <= SAMPLE_BYTES]
        return fitting.tolist() if len(fitting) else [int(sizes.argmin())]

    def _come_back(self, coder: Coder, rows: pa.Table, tokens: TokenArrays) -> int:
        """How many of the rows are decoded to their text; Mistake where a lossless codec loses one."""
        back = come_back(self.codec, coder, tokens, rows[TEXT].to_pylist())
        if self.codec.lossless and not all(back):
            raise Mistake(
                f"codec '{self.codec.kind}' does not give document '{rows[ID][back.index(False)]}' back as it was; "
                "choose another codec, and report this one with the document's text"
            )
        return sum(back)


def token_type(coder: Coder) -> pa.DataType:
    """The narrowest unsigned type that holds every token."""
    return pa.uint16() if coder.vocab_size <= 2**16 else pa.uint32()


def _lists(tokens: TokenArrays, kind: pa.DataType) -> pa.LargeListArray:
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in tokens])]).astype(np.int64)
    values = np.concatenate(tokens) if tokens else np.zeros(0, np.uint32)
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values.astype(kind.to_pandas_dtype())))
