"""Scorer loss_gap is the difference of two proxy losses, and high where the tuned model tells the text better."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT
from pipelines.scorers.loss_gap import LossGap
from pipelines.scorers.proxy_loss import ProxyLoss
from pipelines.store.address import ingredients
from training.recipe import Recipe

TEXTS = ["", "The cat sat on the mat.", "A dog ran after the ball. " * 30, "日本語", "a"]
WINDOWS = {"context": 64, "stride": 24}


def gap(prior: Path, tuned: Path) -> LossGap:
    return LossGap.model_validate({"prior": {"model": str(prior)}, "tuned": {"model": str(tuned)}, **WINDOWS})


def test_it_is_the_loss_before_less_that_after(tiny_llama: Path, tuned_llama: Path) -> None:
    rows = pa.table({TEXT: TEXTS})
    before, after = (ProxyLoss(model=str(each), **WINDOWS).open({})(rows) for each in (tiny_llama, tuned_llama))
    found = gap(tiny_llama, tuned_llama).open({})(rows)
    np.testing.assert_allclose(found.values, before.values - after.values, atol=1e-6)
    assert np.abs(found.values[1:]).min() > 1e-4
    assert found.values[0] == 0.0
    assert found.flops == before.flops + after.flops
    np.testing.assert_array_equal(gap(tiny_llama, tiny_llama).open({})(rows).values, np.zeros(len(TEXTS)))


def test_a_text_that_was_learned_scores_above_one_that_was_not(tiny_llama: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    model = AutoModelForCausalLM.from_pretrained(tiny_llama)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    ids = torch.tensor([tokenizer("The cat sat on the mat.")["input_ids"]])
    for _ in range(20):
        optimizer.zero_grad()
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
    for saved in (model, tokenizer):
        saved.save_pretrained(tmp_path)
    scores = gap(tiny_llama, tmp_path).open({})(pa.table({TEXT: ["The cat sat on the mat.", "qzx 7 {} qzx 7"]})).values
    assert scores[0] > 0.5
    assert scores[0] > scores[1]


def test_the_address_follows_both_models_and_not_their_places(tiny_llama: Path, tuned_llama: Path) -> None:
    assert ingredients(gap(tiny_llama, tuned_llama)) != ingredients(gap(tuned_llama, tiny_llama))
    found = gap(tiny_llama, tuned_llama).fingerprint()
    assert sorted(found) == ["prior", "tuned"]
    assert found["prior"] != found["tuned"]


def test_a_model_that_is_not_there_is_named(tiny_llama: Path) -> None:
    with pytest.raises(Mistake, match="model 'nowhere' is no folder here"):
        gap(tiny_llama, Path("nowhere")).check()


def test_a_run_makes_both_models() -> None:
    text = {"kind": "text", "path": "nowhere.txt"}
    scorer = {"kind": "loss_gap", "prior": {"model": "@before"}, "tuned": {"model": "@after"}}
    tree = {
        "models": {name: {"data": {"source": text}} for name in ("before", "after", "other")},
        "data": {"source": text, "steps": {"gap": {"kind": "score", "scorer": scorer}}},
        "evaluation": {"held_out": text},
    }
    assert Recipe.model_validate(tree).needed_models == {"before": [1], "after": [1]}
