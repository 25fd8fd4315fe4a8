"""A recipe so small that a trial of it is a matter of seconds."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from training.recipe import Recipe

WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "wizards", "box", "in", "glass"]
STEPS = 10


def write_corpus(folder: Path) -> None:
    """corpus.jsonl, 80 documents of 20 to 99 words, and held-out.jsonl, 8 of them."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = random.Random(0)
    for name, count in (("corpus", 80), ("held-out", 8)):
        texts = (" ".join(generator.choices(WORDS, k=generator.randint(20, 99))) for _ in range(count))
        lines = [json.dumps({"text": text}) for text in texts]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def tiny_tree(folder: Path) -> dict[str, Any]:
    """Score, select and pack the corpus in `folder`, then 10 steps of a model of one layer."""
    return {
        "data": {
            "source": {"kind": "jsonl", "path": str(folder / "corpus.jsonl")},
            "steps": {
                "size": {"kind": "score", "scorer": {"kind": "length"}},
                "chosen": {"kind": "select", "selector": {"kind": "top_fraction", "by": "size", "fraction": 0.5}},
            },
            "codec": {"kind": "bytes"},
            "pack": {"length": 64, "by": "size", "buckets": 4},
        },
        "training": {
            "model": {"kind": "llama", "layers": 1},
            "curriculum": {"kind": "easy_first"},
            "tokens": STEPS * 512,
            "batch_tokens": 512,
            "evaluate_every_steps": 2,
            "checkpoint_every_steps": 4,
            "threads": 1,
        },
        "evaluation": {"held_out": {"kind": "jsonl", "path": str(folder / "held-out.jsonl")}, "curve_bytes": 1000},
    }


@pytest.fixture
def tiny(tmp_path: Path) -> Recipe:
    """The tiny recipe over a corpus of this test's own."""
    write_corpus(tmp_path)
    return Recipe.model_validate(tiny_tree(tmp_path))
