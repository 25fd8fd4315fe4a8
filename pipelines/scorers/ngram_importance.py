"""Scorer `ngram_importance`: how much more a text looks like the target than like the corpus, after DSIR."""

import functools
import re
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from pipelines.contracts.component import ADDED, Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, Fitted, FloatArray
from pipelines.contracts.scorer import ScoreFn, Scorer, Scores
from pipelines.contracts.source import Source
from pipelines.contracts.step import Corpus
from pipelines.corpus.sums import BIN, sums_by_bin
from pipelines.sources.reading.ingest import read_all

IntArray = npt.NDArray[np.int64]

FLOOR = 1e-8  # the paper's code adds it to both probabilities before the logarithm
TOO_SHORT = -1e9  # 27 million words of the least likely kind would be as low
FIT_ROWS = 1024
COUNT = "count"


class SharedTarget(Spec):
    """One of several targets, and its share: how much it counts beside the shares of the others."""

    source: Source
    share: float = Field(default=1.0, gt=0)


class NgramImportance(Scorer):
    """DSIR's log importance weight of a text towards a target: high is like the target (arXiv 2302.03169, section 4).

    log w(x) = sum over the words and pairs of neighbouring words g of x of log(p_target(g) + 1e-8) - log(p_corpus(g) +
    1e-8), with the n-grams hashed into `buckets`. Words are the folded words and runs of marks of
    `pipelines/texts/words.py`: DSIR's WordPunct tokens, but that an underscore is a mark, combining marks stay with
    their letter, and a letter of Chinese, Japanese or Thai is a word. The hash is not DSIR's sha256, so single
    collisions differ. `normalize: sum` is the paper's weight, for `importance_sample`; `mean_per_token` divides it by
    the number of words, for `top_fraction`, which would choose by length otherwise. `smoothing` is added to the count
    of every bucket in both distributions.

    In the place of `target` several `targets` can be given by name, each with its share. Documents of each are then
    wanted in proportion to the shares, so w is the mean of the weights towards each target, weighted by the shares;
    the weight towards one of them is the column `<score>_<name>`. A text of fewer than `min_words` words scores -1e9,
    below all others (DSIR: 100), and so is chosen first by `order: ascending`; filter `length` drops it in any order.
    """

    version: ClassVar[int] = 2  # 2: words of the folded text, letters of scripts without spaces by themselves

    target: Source | None = None
    targets: Annotated[dict[str, SharedTarget], ADDED] = {}
    buckets: int = Field(default=10_000, ge=2)
    normalize: Literal["sum", "mean_per_token"] = "sum"
    smoothing: float = Field(default=0.0, ge=0)
    min_words: Annotated[int, ADDED] = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _has_targets(self) -> Self:
        if (self.target is None) == (not self.targets):
            raise Mistake("ngram_importance takes one `target`, or several `targets` by name; give one of the two keys")
        return self

    @field_validator("targets")
    @classmethod
    def _name_columns(cls, targets: dict[str, SharedTarget]) -> dict[str, SharedTarget]:
        for name in targets:
            if not re.fullmatch(r"\w+", name):
                raise Mistake(f"target {name!r} cannot name a column; use letters, digits and '_'")
        return targets

    @property
    def adds(self) -> list[str]:
        """The names of several targets, each with the weight towards it alone."""
        return list(self.targets)

    def check(self) -> None:
        """Raises Mistake where the input of a target is missing."""
        for each in self._shared().values():
            each.source.check()

    def fit(self, corpus: Corpus, seed: int) -> Fitted:
        """`{"log_ratios": (targets, buckets)}`; a target without words is a Mistake.

        One number a bucket comes to the driver.
        """
        counts = {name: count_ngrams(read_all(each.source), self.buckets) for name, each in self._shared().items()}
        for name, count in counts.items():
            if not count.any():
                raise Mistake(f"the {name} of ngram_importance has no words; point it at the text to be matched")
        counted = corpus.rows(self.columns).map_batches(
            functools.partial(_count_block, buckets=self.buckets), batch_size=None, batch_format="pyarrow"
        )
        (everything,) = sums_by_bin(counted, self.buckets, [COUNT])
        return {"log_ratios": np.array([log_ratio(each, everything, self.smoothing) for each in counts.values()])}

    def open(self, fitted: Fitted) -> ScoreFn:
        """The scoring function: log importance weights by the ratios that `fit` returned."""
        from pipelines.texts.buckets import accumulate
        from pipelines.texts.hashing import hash_pieces

        ratios_TB: FloatArray = fitted["log_ratios"]
        shares = np.array([each.share for each in self._shared().values()])

        def score(rows: pa.Table) -> Scores:
            texts = rows[TEXT].combine_chunks()
            hashes, word_offsets = hash_pieces(texts)
            weights_TN = np.zeros((len(ratios_TB), len(texts)))
            for ratios, weights in zip(ratios_TB, weights_TN, strict=True):
                accumulate(hashes, word_offsets, ratios, np.zeros(len(ratios), np.int64), weights)
            words = np.diff(word_offsets)
            mixed, *alone = (self._scaled(weights, words) for weights in (mixture(weights_TN, shares), *weights_TN))
            return Scores(mixed, more=dict(zip(self.targets, alone, strict=False)))

        return score

    def _shared(self) -> dict[str, SharedTarget]:
        """Each target by what a message calls it."""
        if self.target is not None:
            return {"target": SharedTarget(source=self.target)}
        return {f"target '{name}'": each for name, each in self.targets.items()}

    def _scaled(self, weights: FloatArray, words: IntArray) -> FloatArray:
        """The weights of texts of so many words as they are scored."""
        scaled = weights / np.maximum(words, 1) if self.normalize == "mean_per_token" else weights
        return np.where(words < self.min_words, TOO_SHORT, scaled)


def mixture(log_weights_TN: FloatArray, shares: FloatArray) -> FloatArray:
    """(n,) log of the mean of T importance weights, weighted by the (T,) shares; nothing leaves the logarithms."""
    parts = log_weights_TN + np.log(shares / shares.sum())[:, None]
    mixed: FloatArray = np.logaddexp.reduce(parts, axis=0)
    return mixed


def log_ratio(target: IntArray, corpus: IntArray | FloatArray, smoothing: float) -> FloatArray:
    """(buckets,) log of the target's over the corpus' probability of each bucket."""
    logs = []
    for counts in (target, corpus):
        smoothed = counts + smoothing
        logs.append(np.log(smoothed / max(smoothed.sum(), 1.0) + FLOOR))
    ratios: FloatArray = logs[0] - logs[1]
    return ratios


def count_ngrams(rows: pa.Table, buckets: int) -> IntArray:
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
