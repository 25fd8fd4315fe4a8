"""A regression tells a score of the words that make it, says how well, and refuses what cannot be learned."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from pipelines.build import build_stages
from pipelines.config import CorpusConfig
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import ID, TEXT
from pipelines.contracts.scorer import Scorer
from pipelines.contracts.step import Step
from pipelines.regression import RegressionConfig, build_regression, fitted, spearman
from pipelines.scorers.ngrams.regression import Regression
from pipelines.stage import apply_step
from pipelines.store.store import Store

WORDS = ["cat", "dog", "hen", "def", "import", "return", "sun", "rain"]
CONFIG = RegressionConfig(of="score", buckets=1024)


def documents(count: int) -> list[str]:
    draw = random.Random(0)
    return [" ".join(draw.choices(WORDS, k=draw.randint(5, 30))) for _ in range(count)]


def table(texts: list[str], scores: object) -> pa.Table:
    ids = [xxhash.xxh3_128_hexdigest(text.encode()) for text in texts]
    return pa.table({ID: pa.array(ids, pa.string()), TEXT: pa.array(texts, pa.string()), "score": scores})


def animals(texts: list[str]) -> np.ndarray:
    """The share of animals among the words: what a linear function of the counts can tell."""
    return np.array([sum(word in ("cat", "dog", "hen") for word in text.split()) / len(text.split()) for text in texts])


def scored(folder: Path, texts: list[str]) -> np.ndarray:
    return Scorer.model_validate({"kind": "distilled", "model": str(folder)}).open({})(pa.table({TEXT: texts})).values


def test_a_score_of_words_is_learned_and_told_again(tmp_path: Path) -> None:
    texts = documents(600)
    regression = fitted(CONFIG, [table(texts, 1e-4 * animals(texts))], 0)
    assert regression.facts.held_out_spearman is not None
    assert regression.facts.held_out_spearman > 0.9
    assert regression.facts.documents == 600
    assert 60 < regression.facts.held_out_documents < 180
    regression.save(Store(str(tmp_path)), "made")
    assert scored(tmp_path / "made", ["cat dog hen cat", "import return def"]) == pytest.approx([1e-4, 0], abs=5e-5)
    assert scored(tmp_path / "made", [""]) == pytest.approx([regression.facts.mean])
    reopened = Regression.open(str(tmp_path / "made"))
    assert reopened.facts == regression.facts


def test_noise_is_told_to_be_noise() -> None:
    texts = [f"{text} first{number} second{number}" for number, text in enumerate(documents(600))]
    noise = np.random.default_rng(0).normal(size=len(texts))
    found = fitted(CONFIG, [table(texts, noise)], 0).facts.held_out_spearman
    assert found is not None
    assert abs(found) < 0.3


def test_shards_and_their_number_change_nothing() -> None:
    texts = documents(200)
    whole = table(texts, animals(texts))
    first = fitted(CONFIG, [whole], 0)
    second = fitted(CONFIG, [whole.slice(start, 33) for start in range(0, 200, 33)], 0)
    np.testing.assert_array_equal(first.linear.weights, second.linear.weights)
    assert first.facts == second.facts
    assert fitted(CONFIG, [whole], 1).facts != first.facts, "the seed draws what is held out"


def test_what_cannot_be_learned_is_refused() -> None:
    texts = documents(100)
    with pytest.raises(Mistake, match=r"column 'score' is 0.5 in all documents to learn from"):
        fitted(CONFIG, [table(texts, np.full(100, 0.5))], 0)
    with pytest.raises(Mistake, match="wants at least 20 documents with words, all different, and there are 19"):
        fitted(CONFIG, [table(texts[:19], animals(texts[:19]))], 0)
    with pytest.raises(Mistake, match="and there are 100; take a larger sample"):
        fitted(CONFIG, [table(texts[:1] * 100, np.arange(100.0))], 0)
    with pytest.raises(Mistake, match="and there are 0"):
        fitted(CONFIG, [table([" "] * 50, np.arange(50.0))], 0)
    with pytest.raises(Mistake, match="is of type string, and a regression learns numbers"):
        fitted(CONFIG, [table(texts, texts)], 0)
    with pytest.raises(Mistake, match="'score' has documents without a finite number"):
        fitted(CONFIG, [table(texts, pa.array([None, *range(99)], pa.int64()))], 0)


def test_constant_numbers_have_no_rank_correlation() -> None:
    """That of scipy is NaN, which no JSON holds."""
    assert spearman(np.ones(5), np.arange(5.0)) is None
    assert spearman(np.arange(5.0), np.ones(5)) is None
    assert spearman(np.arange(5.0), np.arange(5.0)[::-1]) == pytest.approx(-1)
    texts = documents(100)
    crushed = fitted(CONFIG.model_copy(update={"penalty": 1e300}), [table(texts, animals(texts))], 0)
    assert crushed.facts.held_out_spearman is None


def test_a_folder_without_a_regression_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"holds no regression \(regression.json\); name one of the run's"):
        Scorer.model_validate({"kind": "distilled", "model": str(tmp_path)}).check()
    Scorer.model_validate({"kind": "distilled", "model": "@cheap"}).check()


def test_from_a_scored_sample_to_scores_of_all(ray_session: None, corpus_file: Path, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    source = {"kind": "jsonl", "path": str(corpus_file)}
    sample = {"kind": "select", "selector": {"kind": "random", "fraction": 0.5}}
    steps = {"sample": sample, "size": {"kind": "score", "scorer": "sentence_length"}}
    stages = dict(build_stages(CorpusConfig.model_validate({"source": source, "steps": steps}), store, 0))
    made = build_regression(RegressionConfig(of="size"), stages["size"], store, 0)
    assert made.details["documents"] == 150
    assert made.details["held_out_spearman"] > 0.5
    assert build_regression(RegressionConfig(of="size"), stages["size"], store, 0).address == made.address
    scorer = {"kind": "distilled", "model": f"{store.url}/{made.files['model']}"}
    step = Step.model_validate({"kind": "score", "column": "cheap", "scorer": scorer})
    told = apply_step("cheap", step, stages["source"], store, 0)
    assert told.rows == 300
    assert told.details == made.details, "the manifest says how well the score is told"
    assert told.ingredients["scorer"]["fingerprint"] == {"model": made.address}
