"""A model that is absent, half there or cut off is one sentence, before anything is loaded."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipelines.check import check_data
from pipelines.config import DataConfig
from pipelines.inference.model_check import check_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    save_file({"weight": np.zeros((300, 4), np.float32)}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "some"}))
    (folder / "tokenizer.json").write_text(json.dumps({"model": {}}))
    return folder


def _cut_off(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def test_a_whole_folder_a_pinned_hub_name_and_a_model_of_the_run_are_taken(folder: Path) -> None:
    check_model(str(folder), None)
    check_model("someone/some-model", "abc")
    check_model("@proxy", None)


@pytest.mark.parametrize(
    ("model", "revision"),
    [
        ("/nowhere/model", None),
        ("/nowhere/model", "abc"),
        ("./nowhere/deep/model", "abc"),
        ("someone/some-model", None),
    ],
)
def test_a_model_that_is_nowhere_is_refused(model: str, revision: str | None) -> None:
    with pytest.raises(ValueError, match=f"model '{model}' is no folder here.*give the path of a model folder"):
        check_model(model, revision)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.safetensors", r"has no \*\.safetensors; save the model"),
        ("config.json", "has no config.json; download it"),
        ("tokenizer.json", "has no tokenizer .*; save that of the model"),
    ],
)
def test_half_a_folder_is_refused(folder: Path, name: str, message: str) -> None:
    (folder / name).unlink()

    with pytest.raises(ValueError, match=message):
        check_model(str(folder), None)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_file_that_is_cut_off_is_refused(folder: Path, name: str) -> None:
    _cut_off(folder / name)

    with pytest.raises(ValueError, match=f"model file '.*{name}' (cannot be read|is no JSON) .*once more"):
        check_model(str(folder), None)


def test_weights_that_the_index_names_have_to_be_there(folder: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    with pytest.raises(ValueError, match=r"lacks model-00002-of-00002\.safetensors, which model\.safetensors\.index"):
        check_model(str(folder), None)


STEPS = {
    "scored": {"kind": "score", "scorer": {"kind": "proxy_loss", "model": "MODEL"}},
    "rewritten": {"kind": "rewrite", "rewriter": {"kind": "leaner"}, "engine": {"kind": "vllm", "model": "MODEL"}},
}


@pytest.mark.parametrize("step", STEPS)
def test_the_config_is_refused_by_the_key_of_the_step(folder: Path, tmp_path: Path, step: str) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(json.dumps({"text": "The cat sat."}))

    def config(model: Path) -> DataConfig:
        tree = json.loads(json.dumps(STEPS[step]).replace("MODEL", str(model)))
        return DataConfig.model_validate({"source": {"kind": "jsonl", "path": str(corpus)}, "steps": {step: tree}})

    check_data(config(folder))
    shutil.rmtree(folder)

    with pytest.raises(ValueError, match=f"^data.steps.{step}: model '{folder}' is no folder here"):
        check_data(config(folder))


def test_a_byte_model_that_is_cut_off_is_refused(byte_transformer: Path, tmp_path: Path) -> None:
    from pipelines.codecs.byte_models.transformer import Transformer

    copy = tmp_path / "copy"
    shutil.copytree(byte_transformer, copy)
    Transformer(model=str(copy)).check()
    _cut_off(copy / "config.json")

    with pytest.raises(ValueError, match=r"model file '.*config\.json' is no JSON"):
        Transformer(model=str(copy)).check()
