"""What training exports is a model for everybody: transformers and vLLM load it and agree on it."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.codecs.bpe import Bpe, train_tokenizer
from pipelines.contracts.rows import TEXT
from pipelines.scorers.proxy_loss import ProxyLoss
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.models.llama import Llama
from training.networks.export import export, file_digests, open_trained
from training.results import Trained

TEXTS = ["The cat sat on the mat and looked out.", "A list of numbers is sorted in place.", "Rain fell all day."]
LENGTH = 128


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model folder of a network with fresh weights and the codec that it would be trained with."""
    import torch

    folder = tmp_path_factory.mktemp("run")
    files = {"tokenizer.json": train_tokenizer(TEXTS * 20, 320)}
    coder = Bpe(vocab=320).open(files)
    torch.manual_seed(0)
    network = Llama(layers=2, hidden=64, heads=2).build(coder.vocab_size, LENGTH, coder.end)
    export(network, dict(network.state_dict()), Bpe().tokenizer_files(files), Store(str(folder)))
    return folder / "model"


def test_transformers_loads_the_model_with_its_tokenizer(exported: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(exported)
    network = AutoModelForCausalLM.from_pretrained(exported)
    assert network.config.vocab_size == len(tokenizer)
    assert tokenizer.decode(tokenizer(TEXTS[0])["input_ids"]) == TEXTS[0]
    assert sorted(file.name for file in exported.iterdir() if file.suffix == ".bin") == []


def manifest_of(exported: Path) -> Manifest:
    """The manifest of a training whose run's folder has this model, in the store that is the folder above."""
    numbers = dict.fromkeys(("parameters", "steps", "tokens", "final_loss", "training_seconds", "epochs"), 1)
    curves: dict[str, list[float]] = {
        name: [] for name in ("flops", "loss", "held_out_flops", "held_out_bits_per_byte")
    }
    files = file_digests(Store(str(exported.parent)))
    details = Trained.model_validate({**numbers, **curves, "held_out": {}, "model_files": files})
    place = f"{exported.parent.name}/model"
    facts: dict[str, Any] = {"address": exported.parent.name, "name": "train", "kind": "train", "ingredients": {}}
    return Manifest(details=details.model_dump(), files={"model": place}, **facts)


def test_a_whole_model_is_opened(exported: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    vocabulary = len(AutoTokenizer.from_pretrained(exported))
    model = shutil.copytree(exported, tmp_path / "store [1]" / "train-1" / "model")
    network = open_trained(manifest_of(model), vocabulary, Store(str(tmp_path / "store [1]")))
    assert network.config.vocab_size == vocabulary


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_a_damaged_model_is_refused_with_the_cure(exported: Path, tmp_path: Path, name: str, damage: str) -> None:
    model = shutil.copytree(exported, tmp_path / "train-1" / "model")
    trained = manifest_of(model)
    damaged = model / name
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.unlink()
    if damage != "gone":
        damaged.write_bytes(content[:50] if damage == "cut" else content)
    cure = f"^'{damaged}' is .*; delete '{tmp_path}/train-1' and run the same command again to rebuild it$"
    with pytest.raises(ValueError, match=cure):
        open_trained(trained, 320, Store(str(tmp_path)))


def test_a_model_that_is_gone_is_refused_with_the_cure(exported: Path, tmp_path: Path) -> None:
    model = shutil.copytree(exported, tmp_path / "train-1" / "model")
    trained = manifest_of(model)
    shutil.rmtree(model)
    with pytest.raises(ValueError, match=f"'{model}' is gone; delete '{tmp_path}/train-1' and run the same command"):
        open_trained(trained, 320, Store(str(tmp_path)))


@pytest.mark.vllm
def test_vllm_scores_text_as_transformers_does(exported: Path) -> None:
    rows = pa.table({TEXT: TEXTS})
    scores = {
        runner: ProxyLoss(model=str(exported), context=100, stride=50, runner=runner).open({})(rows).values
        for runner in ("transformers", "vllm")
    }
    assert np.allclose(scores["vllm"], scores["transformers"], rtol=1e-3)
