"""Step `encode`: texts to tokens by a codec that is trained on the corpus first."""

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from pipelines.codec import Codec, Coder, TokenArrays
from pipelines.contracts import TEXT, Fitted, Outcome
from pipelines.step import Corpus, Place, Step, StepFn

TOKENS = "tokens"
CODEC_FILES = "codec"


class Encode(Step):
    """Adds the column `tokens`, a list of uint16 or uint32 for every text, without the end token."""

    seeded: ClassVar[bool] = True

    codec: Codec

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """Trains the codec."""
        return {CODEC_FILES: self.codec.train(corpus.rows(["id", TEXT]), seed)}

    def open(self, fitted: Fitted, seed: int) -> StepFn:
        """Opens the trained coder once."""
        coder = self.codec.open(fitted[CODEC_FILES])

        def encode(rows: pa.Table, place: Place) -> Outcome:
            tokens = coder.encode(rows[TEXT].to_pylist())
            column = _lists(tokens, token_type(coder))
            return Outcome(rows.append_column(TOKENS, column), counts={"tokens": float(sum(map(len, tokens)))})

        return encode

    def artifacts(self, fitted: Fitted) -> dict[str, bytes]:
        """The trained codec's files."""
        return {f"{CODEC_FILES}/{name}": data for name, data in fitted[CODEC_FILES].items()}

    def details(self, fitted: Fitted) -> dict[str, Any]:
        """What the following steps have to know of the tokens."""
        coder = self.codec.open(fitted[CODEC_FILES])
        return {"vocab_size": coder.vocab_size, "end": coder.end}


def token_type(coder: Coder) -> pa.DataType:
    """The narrowest unsigned type that holds every token."""
    return pa.uint16() if coder.vocab_size <= 2**16 else pa.uint32()


def _lists(tokens: TokenArrays, kind: pa.DataType) -> pa.LargeListArray:
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in tokens])]).astype(np.int64)
    values = np.concatenate(tokens) if tokens else np.zeros(0, np.uint32)
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values.astype(kind.to_pandas_dtype())))
