"""Scorer ngram_importance agrees with DSIR's formula and tells the target's kind of text from other text."""

import gzip
import hashlib
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
from pipelines.scorers.ngram_importance import NgramImportance, SharedTarget, count_ngrams, log_ratio, mixture

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
    scores = scorer.open({"log_ratios": ratios[None]})(pa.table({TEXT: CORPUS})).values
    np.testing.assert_allclose(scores, slow_weights(TARGET, CORPUS, CORPUS, smoothing), rtol=1e-9)
    averaged = scorer.model_copy(update={"normalize": "mean_per_token"})
    per_word = averaged.open({"log_ratios": ratios[None]})(pa.table({TEXT: CORPUS})).values
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
    np.testing.assert_array_equal(fitted["log_ratios"], [expected])


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


def dsir_counts(texts: list[str], buckets: int) -> np.ndarray:
    """(n, buckets) what data-selection 1.0.3 counts: lower-cased WordPunct tokens and pairs, by their sha256."""
    counts = np.zeros((len(texts), buckets), np.int64)
    for row, text in enumerate(texts):
        for gram, times in ngrams(text).items():
            counts[row, int(hashlib.sha256(gram.encode()).hexdigest(), 16) % buckets] += times
    return counts


def test_with_the_buckets_of_dsir_the_weights_are_dsirs() -> None:
    target, corpus = dsir_counts(TARGET, 50), dsir_counts(CORPUS, 50)
    p_target, p_corpus = (each.sum(axis=0) / each.sum() for each in (target, corpus))
    theirs = corpus @ (np.log(p_target + 1e-8) - np.log(p_corpus + 1e-8))
    ours = corpus @ log_ratio(target.sum(axis=0), corpus.sum(axis=0), 0.0)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def shared(**shares: float) -> dict[str, SharedTarget]:
    kinds = {"cats": Few(), "code": Few(texts=("def f(x): return x", "import os"))}
    return {name: SharedTarget(source=kinds[name], share=share) for name, share in shares.items()}


def test_several_targets_count_by_their_shares() -> None:
    scorer = NgramImportance(targets=shared(cats=3, code=1), buckets=BUCKETS)
    everything = count_ngrams(table(CORPUS), BUCKETS)
    parts = [count_ngrams(table(texts), BUCKETS) for texts in (TARGET, ["def f(x): return x", "import os"])]
    found = scorer.open({"log_ratios": np.array([log_ratio(each, everything, 0.0) for each in parts])})(table(CORPUS))
    assert scorer.adds == ["cats", "code"]
    alone = [np.exp(found.more[name]) for name in scorer.adds]
    np.testing.assert_allclose(np.exp(found.values), 0.75 * alone[0] + 0.25 * alone[1])
    assert found.values[0] > found.values[5], "of a text that is like neither target"
    assert found.more["cats"][0] > found.more["code"][0]
    assert found.more["cats"][3] < found.more["code"][3]


def test_one_target_with_a_share_is_that_target() -> None:
    ratios = np.sin(np.arange(50.0))[None]
    several = NgramImportance(targets=shared(cats=0.3), buckets=50).open({"log_ratios": ratios})(table(CORPUS))
    alone = NgramImportance(target=Few(), buckets=50).open({"log_ratios": ratios})(table(CORPUS))
    np.testing.assert_array_equal(several.values, alone.values)
    assert not alone.more


def test_weights_of_any_size_stay_finite() -> None:
    """DSIR's users met weights from 5e-52 to 7e40; longer texts have logarithms of many thousands."""
    found = mixture(np.array([[-1e6, 1e6, 92.0, -118.0], [-2e6, -1e6, 91.0, -120.0]]), np.array([1.0, 3.0]))
    expected = [-1e6 + math.log(0.25), 1e6 + math.log(0.25), 91 + math.log(0.25 * math.e + 0.75)]
    np.testing.assert_allclose(found, [*expected, -118 + math.log(0.25 + 0.75 * math.exp(-2))])
    assert np.isfinite(found).all()


def test_a_text_of_too_few_words_comes_last() -> None:
    texts = ["the cat", "the cat sat", "import os, sys and so on and so on", ""]
    scorer = NgramImportance(target=Few(), buckets=50, min_words=3)
    scores = scorer.open({"log_ratios": np.full((1, 50), -18.4)})(table(texts)).values
    np.testing.assert_array_equal(scores == -1e9, [True, False, False, True])
    assert max(scores[[0, 3]]) < min(scores[[1, 2]])


def test_targets_are_one_or_several() -> None:
    for given in ({}, {"target": Few(), "targets": shared(cats=1)}):
        with pytest.raises(ValueError, match="one `target`, or several `targets` by name; give one of the two keys"):
            NgramImportance(**given)
    with pytest.raises(ValueError, match="target 'a b' cannot name a column"):
        NgramImportance(targets={"a b": SharedTarget(source=Few())})
    with pytest.raises(ValueError, match="the target 'none' of ngram_importance has no words"):
        NgramImportance(targets={"none": SharedTarget(source=Few(texts=(" ",)))}).fit(None, 0)
