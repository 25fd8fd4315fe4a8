"""Scorer `compression_ratio`: how much a general-purpose compressor gains on each text."""

import zlib
from collections.abc import Callable
from itertools import pairwise
from typing import Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.texts.arrays import utf8

HIGHEST_LEVEL = {"zlib": 9, "zstd": 22}


class CompressionRatio(Scorer):
    """UTF-8 bytes of the text / bytes of it compressed alone: high is repetitive, low is dense or very short.

    An empty text scores 0. Another release of the compression library may give a slightly different size.
    """

    method: Literal["zlib", "zstd"] = "zlib"
    level: int = Field(default=6, ge=1, le=22)

    @model_validator(mode="after")
    def _level_exists(self) -> Self:
        if self.level > HIGHEST_LEVEL[self.method]:
            raise Mistake(
                f"level {self.level} is not among the levels 1 to {HIGHEST_LEVEL[self.method]} of {self.method}"
            )
        return self

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function with its compressor, made once in each worker."""
        compress = _compressor(self.method, self.level)

        def score(rows: pa.Table) -> Scores:
            texts = rows[TEXT].combine_chunks()
            data, offsets = utf8(texts)
            view = data.data
            sizes = (len(compress(view[start:end])) for start, end in pairwise(offsets))
            return Scores(np.diff(offsets) / np.fromiter(sizes, np.float64, len(texts)))

        return score


def _compressor(method: str, level: int) -> Callable[[memoryview], bytes]:
    if method == "zlib":
        return lambda text: zlib.compress(text, level)
    import zstandard

    return zstandard.ZstdCompressor(level=level, write_content_size=False).compress
