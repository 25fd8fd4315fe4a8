"""The codec of a model's tokenizer: the model's own tokens, every text given back, and what loses text refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from pipelines.codecs.bpe import train_tokenizer
from pipelines.codecs.of_model import OfModel
from pipelines.codecs.tokenizer.byte_level import END_TEXT, tokenizer_folder
from pipelines.contracts.mistakes import Mistake
from pipelines.inference.tokenizing import open_tokenizer

TEXTS = ["The cat sat on the mat.", "  two\n\n spaces and <s>quotes</s>", "日本語 é👩", "Zażółć\t\tgęślą "]


def sample(*_: object) -> list[str]:
    raise AssertionError("nothing is learned from the corpus")


def saved(folder: Path, tokenizer: Any, **special: str) -> OfModel:
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    return OfModel(model=str(folder))


def byte_level(**pre: Any) -> Any:
    tokenizer = Tokenizer.from_buffer(train_tokenizer(TEXTS * 9, 300))
    if pre:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(**pre)
    return tokenizer


def test_the_tokens_are_those_that_the_model_reads(tiny_llama: Path) -> None:
    codec = OfModel(model=str(tiny_llama))
    coder = codec.open(codec.train(sample, 0))
    begin, *_ = open_tokenizer(str(tiny_llama), None)([""])[0]
    read = [[begin, *tokens.tolist()] for tokens in coder.encode(TEXTS)]
    assert read == open_tokenizer(str(tiny_llama), None)(TEXTS)
    config = json.loads((tiny_llama / "config.json").read_text())
    assert (coder.vocab_size, coder.end) == (config["vocab_size"], config["eos_token_id"])
    assert [coder.decode(tokens) for tokens in coder.encode(TEXTS)] == TEXTS


def test_an_exported_model_has_the_same_tokenizer(assert_exported_agrees: Any, tiny_llama: Path) -> None:
    codec = OfModel(model=str(tiny_llama))
    assert_exported_agrees(codec, codec.train(sample, 0), TEXTS)


def test_a_tokenizer_that_was_taken_is_taken_again_unchanged(tiny_llama: Path, tmp_path: Path) -> None:
    first = OfModel(model=str(tiny_llama))
    files = first.train(sample, 0)
    for name, content in first.tokenizer_files(files).items():
        (tmp_path / name).write_bytes(content)
    second = OfModel(model=str(tmp_path))
    again = second.open(second.train(sample, 0))
    before = first.open(files)
    assert [each.tolist() for each in again.encode(TEXTS)] == [each.tolist() for each in before.encode(TEXTS)]
    assert (again.vocab_size, again.end) == (before.vocab_size, before.end)


def test_added_tokens_that_are_text_are_given_back_and_holes_have_no_text(tmp_path: Path) -> None:
    tokenizer = byte_level()
    tokenizer.add_tokens([AddedToken("    ", normalized=False), AddedToken("cat", normalized=False)])
    codec = saved(tmp_path, tokenizer, eos_token=END_TEXT)
    coder = codec.open(codec.train(sample, 0))
    (tokens,) = coder.encode(["a    cat"])
    assert len(tokens) == 3
    assert coder.decode(tokens) == "a    cat"
    with pytest.raises(Mistake, match=f"token {coder.end} stands for no text"):
        coder.decode_bytes(np.array([1, coder.end]))


@pytest.mark.parametrize(
    ("spoil", "example"),
    [
        (lambda each: setattr(each, "normalizer", normalizers.NFC()), r"'\\u0340'|'.'"),
        (lambda each: setattr(each, "normalizer", normalizers.Lowercase()), "'A'"),
        (lambda each: setattr(each, "pre_tokenizer", pre_tokenizers.ByteLevel(add_prefix_space=True)), "'.+'"),
        (lambda each: each.add_tokens([AddedToken("cat", lstrip=True, normalized=False)]), "'a cat bcatcatc'"),
    ],
)
def test_a_tokenizer_that_loses_text_is_refused_with_an_example(spoil: Any, example: str, tmp_path: Path) -> None:
    tokenizer = byte_level()
    spoil(tokenizer)
    with pytest.raises(Mistake, match=f"loses text: ({example}) does not come back; choose a model with another"):
        saved(tmp_path, tokenizer, eos_token=END_TEXT).train(sample, 0)


def test_tokens_that_are_no_bytes_are_refused(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "▁the": 1, "</s>": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    with pytest.raises(Mistake, match=r"tokens are not spelled in bytes, as '▁the' shows"):
        saved(tmp_path, tokenizer, eos_token="</s>").train(sample, 0)


def test_a_tokenizer_without_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="has no end token to end a document with; choose a model with another"):
        saved(tmp_path, byte_level()).train(sample, 0)


def test_weights_are_no_part_of_the_address_and_the_tokenizer_is(tiny_llama: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny_llama, tmp_path / "copy")
    (copy / "model.safetensors").unlink()
    assert OfModel(model=str(copy)).fingerprint() == OfModel(model=str(tiny_llama)).fingerprint()
    (copy / "tokenizer.json").write_text((copy / "tokenizer.json").read_text() + "\n")
    assert OfModel(model=str(copy)).fingerprint() != OfModel(model=str(tiny_llama)).fingerprint()
    made = OfModel(model="s3://bucket/store/train-0123456789ab/run/model")
    assert made.fingerprint() == {"tokenizer": "train-0123456789ab"}


def test_what_is_missing_is_told_before_any_work(tmp_path: Path) -> None:
    OfModel(model="@proxy").check()
    with pytest.raises(Mistake, match="there is no folder 'nowhere'; give the path of a model folder, or \"@name\""):
        OfModel(model="nowhere").check()
    with pytest.raises(Mistake, match="has no tokenizer"):
        OfModel(model=str(tmp_path)).check()
    for name, content in tokenizer_folder({"tokenizer.json": train_tokenizer(TEXTS, 300)}).items():
        (tmp_path / name).write_bytes(content)
    OfModel(model=str(tmp_path)).check()
