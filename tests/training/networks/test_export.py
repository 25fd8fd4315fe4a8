"""What training exports is a model for everybody: transformers and vLLM load it and agree on it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.codecs.bpe import Bpe, train_tokenizer
from pipelines.contracts.rows import TEXT
from pipelines.scorers.proxy_loss import ProxyLoss
from pipelines.store.store import Store
from training.models.llama import Llama
from training.networks.export import export

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


@pytest.mark.vllm
def test_vllm_scores_text_as_transformers_does(exported: Path) -> None:
    rows = pa.table({TEXT: TEXTS})
    scores = {
        runner: ProxyLoss(model=str(exported), context=100, stride=50, runner=runner).open({})(rows).values
        for runner in ("transformers", "vllm")
    }
    assert np.allclose(scores["vllm"], scores["transformers"], rtol=1e-3)
