"""Model folders by path and by URL: the content names them, and copies of it do not meet."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import numpy as np
import pytest
from pydantic import TypeAdapter
from safetensors.numpy import save_file

from pipelines.inference.model_files import ModelName, loadable, local_folder, model_fingerprint, parameter_count


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "copies").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "copies"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    save_file({"weight": np.zeros((3, 4), np.float32)}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "some"}))
    return folder


def test_a_url_is_the_folder_that_it_names(folder: Path) -> None:
    url = folder.as_uri()
    assert model_fingerprint(url) == model_fingerprint(str(folder))
    assert parameter_count(url) == 12
    assert sorted(file.name for file in Path(loadable(url)).iterdir()) == ["config.json", "model.safetensors"]


def test_transformers_opens_a_model_in_a_store(folder: Path) -> None:
    from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

    sizes = {
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "vocab_size": 9,
    }
    LlamaForCausalLM(LlamaConfig(**sizes)).save_pretrained(folder.parent / "whole")
    fsspec.filesystem("memory").put(str(folder.parent / "whole"), f"/{folder.parent.name}", recursive=True)
    url = f"memory:///{folder.parent.name}"
    assert AutoModelForCausalLM.from_pretrained(loadable(url)).num_parameters() == parameter_count(url)


def test_a_url_whose_content_changed_is_copied_again(folder: Path) -> None:
    before = model_fingerprint(folder.as_uri())
    save_file({"weight": np.ones((3, 4), np.float32)}, folder / "model.safetensors")
    os.utime(folder / "model.safetensors", (1, 1))
    after = model_fingerprint(folder.as_uri())
    assert after == model_fingerprint(str(folder)) != before


def test_many_may_copy_one_url_at_once(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        copies = set(pool.map(local_folder, [folder.as_uri()] * 16))
    assert len(copies) == 1


def test_a_url_without_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no folder here"):
        model_fingerprint((tmp_path / "nothing").as_uri())


def test_what_is_no_folder_is_a_hub_name() -> None:
    assert local_folder("someone/some-model") is None
    assert loadable("someone/some-model") == "someone/some-model"
    assert model_fingerprint("someone/some-model", "abc") == {"model": "someone/some-model@abc"}


def test_a_relative_folder_is_that_of_the_process_that_named_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    name = TypeAdapter(ModelName)
    assert name.validate_python(folder.name) == str(folder)
    assert [name.validate_python(other) for other in ("@proxy", "org/name", "s3://bucket/model")] == [
        "@proxy",
        "org/name",
        "s3://bucket/model",
    ]
