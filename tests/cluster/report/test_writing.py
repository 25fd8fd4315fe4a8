"""What a model writes: the same prompts and the same tokens each time, and no more than its tokens say."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from cluster.report import writing
from pipelines.build import BuiltData, build_data
from pipelines.config import DataConfig
from pipelines.contracts.codec import Coder
from pipelines.contracts.mistakes import Mistake
from pipelines.sources.jsonl import Jsonl
from pipelines.store.encoded import open_coder
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.models.llama import Llama
from training.networks.export import export


@pytest.fixture
def held_out(tmp_path: Path) -> Jsonl:
    """Three documents of which the first words are known."""
    lines = [json.dumps({"text": f"Number {number} begins like this, and goes on."}) for number in range(3)]
    (tmp_path / "held-out.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return Jsonl(path=str(tmp_path / "held-out.jsonl"))


@pytest.fixture
def data(corpus_file: Path, tmp_path: Path, ray_session: None) -> BuiltData:
    """The corpus in bytes."""
    tree = {"source": {"kind": "jsonl", "path": str(corpus_file)}, "codec": {"kind": "bytes"}, "pack": {"length": 32}}
    return build_data(DataConfig.model_validate(tree), Store(str(tmp_path / "store")), 0)


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
    held_out: Jsonl, data: BuiltData, tmp_path: Path
) -> None:
    store = Store(str(tmp_path / "store"))
    trained = with_fresh_weights(data, store)
    found = writing.passages(held_out, data, trained, store)
    assert len(found) == writing.PROMPTS
    assert all(each.prompt.startswith("Number ") and "goes on" not in each.prompt for each in found)
    assert all(each.text or each.note == writing.ENDED for each in found)
    store.filesystem.rm(store.path("train-0"), recursive=True)
    assert writing.passages(held_out, data, trained, store) == found, "what is in the store is not drawn again"


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


def test_a_codec_of_whole_documents_takes_no_prompt() -> None:
    coder = _Breaking()
    coder.window = 0
    trained = Manifest(address="train-0", name="train", kind="train", ingredients={})
    (found,) = writing._written(["before"], coder, trained, Store("nowhere"))
    assert (found.text, found.note) == ("", writing.WHOLE_ONLY)
