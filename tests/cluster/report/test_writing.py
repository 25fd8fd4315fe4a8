"""What a model writes: the same prompts and the same tokens each time, and no more than its tokens say."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from cluster.report import writing
from pipelines.build import BuiltData, build_data
from pipelines.codecs.gzip import Gzip
from pipelines.contracts.codec import Coder
from pipelines.contracts.mistakes import Mistake
from pipelines.store.encoded import open_coder
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.models.llama import Llama
from training.networks.export import export
from training.recipe import Recipe


@pytest.fixture
def recipe(corpus_file: Path, tmp_path: Path) -> Recipe:
    """The corpus in bytes, and three held-out documents of which the first words are known."""
    lines = [json.dumps({"text": f"Number {number} begins like this, and goes on."}) for number in range(3)]
    (tmp_path / "held-out.jsonl").write_text("\n".join(lines), encoding="utf-8")
    source = {"kind": "jsonl", "path": str(corpus_file)}
    held_out = {"kind": "jsonl", "path": str(tmp_path / "held-out.jsonl")}
    data = {"source": source, "codec": {"kind": "bytes"}, "pack": {"length": 32}}
    return Recipe.model_validate({"data": data, "evaluation": {"held_out": held_out}})


@pytest.fixture
def data(recipe: Recipe, tmp_path: Path, ray_session: None) -> BuiltData:
    """The packed data of the recipe."""
    return build_data(recipe.data, Store(str(tmp_path / "store")), 0)


def with_fresh_weights(data: BuiltData, store: Store) -> Manifest:
    """The manifest of a model that was never trained."""
    import torch

    coder = open_coder(data.encoded, store)
    torch.manual_seed(0)
    network = Llama(layers=1).build(coder.vocab_size, 32, coder.end)
    export(network, dict(network.state_dict()), {}, Store(store.path("train-0")))
    return store.commit(
        Manifest(address="train-0", name="train", kind="train", ingredients={}, files={"model": "train-0/model"})
    )


def test_a_model_writes_behind_the_first_words_of_held_out_documents_once(
    recipe: Recipe, data: BuiltData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(tmp_path / "store"))
    trained = with_fresh_weights(data, store)
    monkeypatch.setitem(sys.modules, "transformers", None)  # here, as on a head node that has no room for a model
    found = writing.passages(recipe, data, trained, store)
    assert len(found) == writing.PROMPTS
    assert all(each.prompt.startswith("Number ") and "goes on" not in each.prompt for each in found)
    assert all(each.text or each.note == writing.ENDED for each in found)
    store.filesystem.rm(store.path("train-0"), recursive=True)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert writing.passages(recipe, data, trained, store) == found, "what is in the store is not drawn again"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  A few words of a text.  ", "A few"),
        ("word " * 100, ("word " * 23).strip()),
        ("unbroken" * 100, "unbroken" * 15),
        ("x", "x"),
    ],
)
def test_a_prompt_is_whole_words_and_not_all_of_the_text(text: str, expected: str) -> None:
    assert writing.opening(text) == expected


class _Breaking(Coder):
    """Decodes letters, up to one that stands for no text."""

    def decode_stream(self, tokens: Iterable[int]) -> Iterator[bytes]:
        for token in tokens:
            if token == 0:
                raise Mistake("window 2 is 0, which stands for no text")
            yield bytes([token])


def test_tokens_that_stand_for_no_text_end_the_passage() -> None:
    found = writing.continued("before", _Breaking(), [104, 105, 0, 104], "")
    assert (found.prompt, found.text, found.note) == ("before", "hi", writing.NO_TEXT)
    assert writing.continued("before", _Breaking(), [104], writing.ENDED).note == writing.ENDED


def test_a_codec_of_whole_documents_takes_no_prompt(recipe: Recipe, tmp_path: Path, ray_session: None) -> None:
    store = Store(str(tmp_path / "store"))
    data = build_data(recipe.data.model_copy(update={"codec": Gzip()}), store, 0)
    trained = Manifest(address="train-0", name="train", kind="train", ingredients={})
    found = writing.passages(recipe, data, trained, store)
    assert [(each.text, each.note) for each in found] == [("", writing.WHOLE_ONLY)] * writing.PROMPTS
