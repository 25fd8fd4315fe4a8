"""What holds for every embedder, a newcomer's too: its file is found here the moment it exists."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.contracts.component import component_in, kinds
from pipelines.contracts.embedder import Embedder, EmbedFn
from pipelines.store.address import ingredients

TEXTS = [
    "",
    " ",
    "a",
    "\x00",
    "🙂" * 20,
    "日本語。" * 9,
    "The cat sat on the mat.",
    "A dog ran after the ball.",
    "A dog ran after the ball. " * 40,
    "It rained all day. " * 200,
    "<s></s>",
]
LONG = 9
TOLERANCE = 2e-5  # a batch of other shape rounds otherwise

# `{folder}` is a folder with a tiny causal model, `{encoder}` one with a tiny encoder.
PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "hidden": [{"model": "{folder}"}, {"model": "{folder}", "context": 16}],
    "sentence": [{"model": "{encoder}"}, {"model": "{encoder}", "context": 16}],
}
KINDS = kinds(Embedder.family)
CASES = [(kind, index) for kind in KINDS for index in range(len(PARAMETERS.get(kind, [{}])))]
of_every_case = pytest.mark.parametrize(("kind", "index"), CASES)


@pytest.fixture(scope="module")
def make(tiny_llama: Path, tiny_encoder: Path) -> Callable[..., Embedder]:
    """Makes embedder number `index` of a kind, with other parameters beside its own."""

    def made(kind: str, index: int, **more: Any) -> Embedder:
        if kind not in PARAMETERS:
            pytest.fail(f"embedder '{kind}' is new: add parameters for it to PARAMETERS in this file")
        template = json.dumps(PARAMETERS[kind][index])
        for name, path in {"folder": tiny_llama, "encoder": tiny_encoder}.items():
            template = template.replace(f"{{{name}}}", str(path))
        return Embedder.model_validate({"kind": kind, **json.loads(template), **more})

    return made


@pytest.fixture(scope="module")
def opened(make: Any) -> Callable[[str, int], EmbedFn]:
    known: dict[tuple[str, int], EmbedFn] = {}

    def open_once(kind: str, index: int) -> EmbedFn:
        if (kind, index) not in known:
            known[kind, index] = make(kind, index).open()
        return known[kind, index]

    return open_once


@of_every_case
def test_vectors_have_length_one_or_are_zero(opened: Any, kind: str, index: int) -> None:
    found = opened(kind, index)(TEXTS)
    assert found.vectors.dtype == np.float32
    assert found.vectors.shape[0] == len(TEXTS)
    assert np.isfinite(found.vectors).all()
    lengths = np.linalg.norm(found.vectors, axis=1)
    assert lengths[0] == 0
    np.testing.assert_allclose(lengths[2:], 1, atol=1e-6)
    assert found.flops > 0


@of_every_case
def test_a_text_has_one_vector_in_any_batch_order_and_padding(opened: Any, make: Any, kind: str, index: int) -> None:
    expected = opened(kind, index)(TEXTS).vectors
    order = np.random.default_rng(0).permutation(len(TEXTS))
    shuffled = opened(kind, index)([TEXTS[place] for place in order]).vectors
    np.testing.assert_allclose(shuffled, expected[order], atol=TOLERANCE)
    alone = np.concatenate([opened(kind, index)([text]).vectors for text in TEXTS])
    np.testing.assert_allclose(alone, expected, atol=TOLERANCE)
    for tokens in (1, 100_000):
        other = make(kind, index, batch_tokens=tokens).open()(TEXTS).vectors
        np.testing.assert_allclose(other, expected, atol=TOLERANCE)


@of_every_case
def test_all_of_a_long_text_counts(opened: Any, kind: str, index: int) -> None:
    embed = opened(kind, index)
    same_beginning = [TEXTS[LONG], TEXTS[LONG] + "A dog ran after the ball. " * 200]
    first, second = embed(same_beginning).vectors
    assert first @ second < 0.9999


@of_every_case
def test_there_may_be_nothing_to_embed(opened: Any, kind: str, index: int) -> None:
    embed = opened(kind, index)
    width = embed(["a"]).vectors.shape[1]
    for texts in ([], [""], ["", ""]):
        found = embed(texts)
        assert found.vectors.shape == (len(texts), width)
        assert not found.vectors.any()


@of_every_case
def test_travels_as_pickle_and_as_data(make: Any, kind: str, index: int) -> None:
    embedder = make(kind, index)
    embedder.check()
    assert pickle.loads(pickle.dumps(embedder)) == embedder
    assert Embedder.model_validate(embedder.model_dump(mode="json")) == embedder
    assert ingredients(embedder) == ingredients(pickle.loads(pickle.dumps(embedder)))
    assert ingredients(embedder) == ingredients(make(kind, index, batch_tokens=77, workers=2))


@pytest.mark.parametrize("kind", KINDS)
def test_says_what_it_does(kind: str) -> None:
    found = component_in(f"{Embedder.family}.{kind}", Embedder)
    assert found.__name__ == "".join(part.capitalize() for part in kind.split("_"))
    assert found.__doc__
    assert len(found.__doc__.strip().splitlines()[0]) > 40
