"""What holds for every scorer, a newcomer's too: its file is found here the moment it exists."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.component import component_in, kinds
from pipelines.contracts.rows import TEXT, Fitted
from pipelines.contracts.scorer import Scorer
from pipelines.store.address import ingredients

ODD = [
    "",
    " ",
    "\n\n\t",
    "\x00",
    "a",
    "...",
    "\u0301",
    "e\u0301",
    "🙂" * 50,
    "\u202e\ufeff\u200d",
    "İıßΣς",
    "日本語。" * 9,
]
PLAIN = [
    "The cat sat on the mat. It was warm.",
    "def f(x):\n    return x",
    "word " * 500,
    "x" * 2000,
    "\U0010ffff¶\u2028",
]
TEXTS = [*ODD, *PLAIN]
NUMERIC_TOLERANCE = {
    "proxy_loss": 1e-4,
    "loss_gap": 1e-3,
    "datamodel": 1e-3,
    "embedding_similarity": 1e-3,
}  # a batch of other shape rounds otherwise; the rest agree to the bit

# `{folder}` is a folder with a tiny model, `{tuned}` one with other weights of that model, `{datamodel}` one with a
# datamodel, `{regression}` one with a regression, `{target}` a jsonl file; fitted is what `fit` would have returned.
TARGET = {"kind": "jsonl", "path": "{target}"}
PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "length": [{"unit": unit} for unit in ("characters", "bytes", "words")],
    "sentence_length": [{}],
    "readability": [{"formula": formula} for formula in ("grade", "ease")],
    "compression_ratio": [{}, {"method": "zstd", "level": 3}],
    "unigram_entropy": [{}],
    "ngram_importance": [
        {"target": TARGET, "buckets": 50, "normalize": normalize} for normalize in ("sum", "mean_per_token")
    ],
    "datamodel": [{"model": "{datamodel}"}],
    "embedding_similarity": [
        {
            "embedder": {"kind": "hidden", "model": "{folder}", "context": 64},
            "target": TARGET,
            "aggregate": aggregate,
        }
        for aggregate in ("max", "mean", "rank")
    ],
    "distilled": [{"model": "{regression}"}],
    "proxy_loss": [{"model": "{folder}", "context": 64, "stride": 32}],
    "loss_gap": [{"prior": {"model": "{folder}"}, "tuned": {"model": "{tuned}"}, "context": 64, "stride": 32}],
    "classifier": [{"target": TARGET, "buckets": 50}],
}
WAVE = np.sin(np.arange(50.0))
FITTED: dict[str, Fitted] = {
    "ngram_importance": {"log_ratios": WAVE[None]},
    "classifier": {"weights": WAVE, "intercept": -0.5},
    "embedding_similarity": {
        "targets": np.sin(np.arange(192, dtype=np.float32)).reshape(3, 64) / 8,
        "values": np.tile(np.linspace(-0.8, 0.8, 5, dtype=np.float32), (3, 1)),
        "shares": np.arange(1, 6) / 6,
    },
}
KINDS = kinds(Scorer.family)

CASES = [(kind, index) for kind in KINDS for index in range(len(PARAMETERS.get(kind, [{}])))]


@pytest.fixture
def make(tiny_llama: Path, tuned_llama: Path, datamodel: Path, regression: Path, tmp_path: Path) -> Any:
    """Makes scorer number `index` of a kind."""
    target = tmp_path / "target.jsonl"
    target.write_text(json.dumps({"text": "The cat."}) + "\n")

    def made(kind: str, index: int) -> Scorer:
        if kind not in PARAMETERS:
            pytest.fail(f"scorer '{kind}' is new: add parameters for it to PARAMETERS in this file")
        template = json.dumps(PARAMETERS[kind][index])
        paths = {"folder": tiny_llama, "tuned": tuned_llama, "datamodel": datamodel, "target": target}
        paths["regression"] = regression
        for name, path in paths.items():
            template = template.replace(f"{{{name}}}", str(path))
        filled = json.loads(template)
        return Scorer.model_validate({"kind": kind, **filled})

    return made


def as_rows(texts: pa.Array) -> pa.Table:
    return pa.table({TEXT: texts})


@pytest.mark.parametrize(("kind", "index"), CASES)
def test_every_text_gets_a_finite_score_of_its_own(make: Any, kind: str, index: int) -> None:
    score = make(kind, index).open(FITTED.get(kind, {}))
    tolerance = NUMERIC_TOLERANCE.get(kind, 0.0)
    scores = score(as_rows(pa.array(TEXTS))).values
    assert scores.shape == (len(TEXTS),)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    order = np.random.default_rng(0).permutation(len(TEXTS))
    np.testing.assert_allclose(
        score(as_rows(pa.array(TEXTS).take(pa.array(order)))).values, scores[order], rtol=tolerance
    )
    padded = pa.array(["before", *TEXTS, "after"], pa.large_string()).slice(1, len(TEXTS))
    np.testing.assert_allclose(score(as_rows(padded)).values, scores, rtol=tolerance)
    parts = [score(as_rows(pa.array(TEXTS).slice(start, 5))).values for start in range(0, len(TEXTS), 5)]
    np.testing.assert_allclose(np.concatenate(parts), scores, rtol=tolerance)


@pytest.mark.parametrize(("kind", "index"), CASES)
@pytest.mark.parametrize("texts", [[], [""], ["", "", ""]], ids=["none", "one empty", "three empty"])
def test_there_may_be_nothing_to_score(make: Any, kind: str, index: int, texts: list[str]) -> None:
    scored = make(kind, index).open(FITTED.get(kind, {}))(as_rows(pa.array(texts, pa.string())))
    scores = scored.values
    assert scored.flops >= 0
    assert scores.dtype == np.float64
    assert scores.shape == (len(texts),)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(("kind", "index"), CASES)
def test_travels_as_pickle_and_as_data(make: Any, kind: str, index: int) -> None:
    scorer = make(kind, index)
    assert pickle.loads(pickle.dumps(scorer)) == scorer
    assert Scorer.model_validate(scorer.model_dump(mode="json")) == scorer
    assert ingredients(scorer) == ingredients(pickle.loads(pickle.dumps(scorer)))


@pytest.mark.parametrize("kind", KINDS)
def test_says_what_it_does(kind: str) -> None:
    found = component_in(f"{Scorer.family}.{kind}", Scorer)
    assert found.__name__ == "".join(part.capitalize() for part in kind.split("_"))
    assert found.__doc__
