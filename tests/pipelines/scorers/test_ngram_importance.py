"""Scorer ngram_importance agrees with DSIR's formula and tells the target's kind of text from other text."""

import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.rows import TEXT, Read
from pipelines.contracts.source import Source
from pipelines.scorers.ngram_importance import NgramImportance, count_ngrams, log_ratio

TARGET = ["The cat sat on the mat.", "A dog ran to the cat.", "The dog and the cat ate."]
CORPUS = [*TARGET, "def f(x): return x + 1", "import os, sys", "for i in range(9): print(i)"] * 3


class Few(Source):
    """Three texts, or none."""

    texts: tuple[str, ...] = tuple(TARGET)

    def files(self) -> list[str]:
        return ["first", "second"]

    def read(self, file: str) -> Iterator[Read]:
        half = self.texts[::2] if file == "first" else self.texts[1::2]
        yield Read(pa.table({"text": pa.array(half, pa.string())}))


def ngrams(text: str) -> Counter[str]:
    words = re.findall(r"\w+|[^\w\s]+", text.lower())
    return Counter(words) + Counter(" ".join(pair) for pair in pairwise(words))


def slow_weights(target: list[str], corpus: list[str], texts: list[str], smoothing: float) -> list[float]:
    """DSIR with a bucket for every n-gram of its own; exact where no two n-grams share a hash bucket."""
    counts = [sum((ngrams(text) for text in side), Counter()) for side in (target, corpus)]
    seen = set(counts[1])
    totals = [sum(each.values()) + smoothing * BUCKETS for each in counts]

    def log(side: int, gram: str) -> float:
        return math.log((counts[side][gram] + smoothing) / totals[side] + 1e-8)

    assert all(gram in seen for text in texts for gram in ngrams(text))
    return [sum(n * (log(0, gram) - log(1, gram)) for gram, n in ngrams(text).items()) for text in texts]


BUCKETS = 2**22


def table(texts: list[str]) -> pa.Table:
    return pa.table({"text": texts})


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_agrees_with_the_formula(smoothing: float) -> None:
    ratios = log_ratio(count_ngrams(table(TARGET), BUCKETS), count_ngrams(table(CORPUS), BUCKETS), smoothing)
    scorer = NgramImportance(target=Few(), buckets=BUCKETS, smoothing=smoothing)
    scores = scorer.open({"log_ratio": ratios})(pa.table({TEXT: CORPUS})).values
    np.testing.assert_allclose(scores, slow_weights(TARGET, CORPUS, CORPUS, smoothing), rtol=1e-9)
    averaged = scorer.model_copy(update={"normalize": "mean_per_token"})
    per_word = averaged.open({"log_ratio": ratios})(pa.table({TEXT: CORPUS})).values
    words = [len(re.findall(r"\w+|[^\w\s]+", text)) for text in CORPUS]
    np.testing.assert_allclose(per_word, scores / words)
    assert min(scores[:3]) > max(scores[3:6])


def test_counts_do_not_depend_on_the_batches() -> None:
    texts = CORPUS * 300
    whole = count_ngrams(table(texts), 997)
    parts = sum(count_ngrams(table(texts).slice(start, 77), 997) for start in range(0, len(texts), 77))
    np.testing.assert_array_equal(whole, parts)
    assert whole.sum() == sum(sum(ngrams(text).values()) for text in texts)


def test_fit_sums_the_blocks_of_a_dataset(ray_session: None) -> None:
    import ray.data

    class Blocks:
        def rows(self, columns: list[str]) -> "ray.data.Dataset":
            assert columns == [TEXT]
            return ray.data.from_arrow([table(CORPUS[:7]), table(CORPUS[7:]), table([])])

    fitted = NgramImportance(target=Few(), buckets=499).fit(Blocks(), 0)
    expected = log_ratio(count_ngrams(table(TARGET), 499), count_ngrams(table(CORPUS), 499), 0.0)
    np.testing.assert_array_equal(fitted["log_ratio"], expected)


def test_a_target_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="no words"):
        NgramImportance(target=Few(texts=("", " "))).fit(None, 0)


def test_a_target_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"text": f"{number} words of a target"}) + "\n" for number in range(2_000))
    file = tmp_path / "t.jsonl.gz"
    file.write_bytes(gzip.compress(lines.encode())[:-2_000])
    target = Source.model_validate({"kind": "jsonl", "path": str(file)})
    with pytest.raises(ValueError, match=r"t\.jsonl\.gz', line \d+, cannot be read \(truncated_file\)"):
        NgramImportance(target=target).fit(None, 0)
