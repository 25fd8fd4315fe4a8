"""Sentence: the mean of an encoder's states over all pieces of a text, and no folder that means otherwise."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.embedders.sentence import Sentence
from pipelines.texts.vectors import to_unit

SHORT = ["The cat sat on the mat.", "a", "[CLS] is text here."]


def slow(folder: Path, pieces: list[list[int]]) -> np.ndarray:
    import torch
    from transformers import AutoModel

    network = AutoModel.from_pretrained(folder, use_safetensors=True).eval()
    with torch.no_grad():
        states = [network(torch.tensor([piece])).last_hidden_state[0].numpy() for piece in pieces]
    return to_unit(np.concatenate(states).mean(axis=0, keepdims=True))


def test_a_short_text_has_the_mean_of_all_its_tokens_between_those_that_the_tokenizer_adds(tiny_encoder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    expected = [slow(tiny_encoder, [tokenizer(text, split_special_tokens=True)["input_ids"]]) for text in SHORT]
    found = Sentence(model=str(tiny_encoder)).open()(SHORT).vectors
    np.testing.assert_allclose(found, np.concatenate(expected), atol=2e-6)


def test_a_long_text_is_read_in_pieces_and_all_of_it_counts(tiny_encoder: Path) -> None:
    from transformers import AutoTokenizer

    text = "A dog ran after the ball. " * 30
    ids = AutoTokenizer.from_pretrained(tiny_encoder)(text, add_special_tokens=False)["input_ids"]
    pieces = [[2, *ids[start : start + 14], 3] for start in range(0, len(ids), 14)]
    assert len(pieces) > 5
    found = Sentence(model=str(tiny_encoder), context=16).open()([text])
    np.testing.assert_allclose(found.vectors, slow(tiny_encoder, pieces), atol=2e-6)


def test_the_prefix_stands_before_every_text(tiny_encoder: Path) -> None:
    with_prefix = Sentence(model=str(tiny_encoder), prefix="query: ").open()(["a cat", ""]).vectors
    spelled = Sentence(model=str(tiny_encoder)).open()(["query: a cat"]).vectors
    np.testing.assert_allclose(with_prefix[:1], spelled, atol=1e-6)
    assert not with_prefix[1].any()


@pytest.mark.parametrize(
    ("module", "pooling", "told"),
    [
        ("sentence_transformers.models.Dense", {}, "has a module Dense"),
        ("sentence_transformers.models.Pooling", {"pooling_mode_cls_token": True}, "pools by cls_token"),
        ("sentence_transformers.models.Pooling", {"pooling_mode_mean_tokens": True}, None),
    ],
)
def test_a_folder_of_other_vectors_is_told(
    tiny_encoder: Path, tmp_path: Path, module: str, pooling: dict[str, bool], told: str | None
) -> None:
    folder = shutil.copytree(tiny_encoder, tmp_path / "folder")
    (folder / "modules.json").write_text(json.dumps([{"path": "1_Pooling", "type": module}]))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    if told is None:
        Sentence(model=str(folder)).check()
    else:
        with pytest.raises(Mistake, match=told):
            Sentence(model=str(folder)).check()
