"""Scorer `ngram_importance`: how much more a text looks like the target than like the corpus, after DSIR."""

import functools
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, Fitted, FloatArray
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.contracts.source import Source
from pipelines.contracts.step import Corpus
from pipelines.corpus.sums import BIN, sums_by_bin
from pipelines.sources.reading.ingest import read_all

CountArray = npt.NDArray[np.int64]

FLOOR = 1e-8  # the paper's code adds it to both probabilities before the logarithm
FIT_ROWS = 1024
COUNT = "count"


class NgramImportance(Scorer):
    """DSIR's log importance weight of a text towards `target`: high is like the target (arXiv 2302.03169, section 4).

    log w(x) = sum over the words and pairs of neighbouring words g of x of log(p_target(g) + 1e-8) - log(p_corpus(g) +
    1e-8), with the n-grams hashed into `buckets`. Words are the folded words and runs of marks of
    `pipelines/texts/words.py`: DSIR's WordPunct tokens, but that an underscore is a mark, combining marks stay with
    their letter, and a letter of Chinese, Japanese or Thai is a word. The hash is not DSIR's sha256, so single
    collisions differ. `normalize: sum` is the paper's weight, for `importance_sample`; `mean_per_token` divides it by
    the number of words, for `top_fraction`, which would choose by length otherwise. `smoothing` is added to the count
    of every bucket in both distributions.
    """

    version: ClassVar[int] = 2  # 2: words of the folded text, letters of scripts without spaces by themselves

    target: Source
    buckets: int = Field(default=10_000, ge=2)
    normalize: Literal["sum", "mean_per_token"] = "sum"
    smoothing: float = Field(default=0.0, ge=0)

    def check(self) -> None:
        """Raises Mistake where the input of the target is missing."""
        self.target.check()

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """`{"log_ratio": (buckets,)}`; a target without words is a Mistake. One number a bucket comes to the driver."""
        target = count_ngrams(read_all(self.target), self.buckets)
        if not target.any():
            raise Mistake("the target of ngram_importance has no words; point `target` at the text to be matched")
        counted = corpus.rows(self.columns).map_batches(
            functools.partial(_count_block, buckets=self.buckets), batch_size=None, batch_format="pyarrow"
        )
        (everything,) = sums_by_bin(counted, self.buckets, [COUNT])
        return {"log_ratio": log_ratio(target, everything, self.smoothing)}

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function: log importance weights by the ratios that `fit` returned."""
        from pipelines.texts.buckets import accumulate
        from pipelines.texts.hashing import hash_pieces

        ratios: FloatArray = fitted["log_ratio"]

        def score(rows: pa.Table) -> Scores:
            texts = rows[TEXT].combine_chunks()
            hashes, word_offsets = hash_pieces(texts)
            weights = np.zeros(len(texts))
            accumulate(hashes, word_offsets, ratios, np.zeros(len(ratios), np.int64), weights)
            if self.normalize == "mean_per_token":
                weights /= np.maximum(np.diff(word_offsets), 1)
            return Scores(weights)

        return score


def log_ratio(target: CountArray, corpus: CountArray | FloatArray, smoothing: float) -> FloatArray:
    """(buckets,) log of the target's over the corpus' probability of each bucket."""
    logs = []
    for counts in (target, corpus):
        smoothed = counts + smoothing
        logs.append(np.log(smoothed / max(smoothed.sum(), 1.0) + FLOOR))
    ratios: FloatArray = logs[0] - logs[1]
    return ratios


def count_ngrams(rows: pa.Table, buckets: int) -> CountArray:
    """(buckets,) how often the n-grams of the column `text` fall into each bucket."""
    from pipelines.texts.buckets import accumulate
    from pipelines.texts.hashing import hash_pieces

    counts = np.zeros(buckets, np.int64)
    for start in range(0, rows.num_rows, FIT_ROWS):
        hashes, word_offsets = hash_pieces(rows[TEXT].slice(start, FIT_ROWS).combine_chunks())
        accumulate(hashes, word_offsets, np.zeros(buckets), counts, np.zeros(len(word_offsets) - 1))
    return counts


def _count_block(rows: pa.Table, buckets: int) -> pa.Table:
    counts = count_ngrams(rows, buckets)
    seen = np.flatnonzero(counts)
    return pa.table({BIN: seen, COUNT: counts[seen]})
