"""What all tests share: one local Ray, real corpora where they are, and small corpora that tests write."""

import json
import os
import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("shared machine", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("shared machine")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

REPOSITORY = Path(__file__).resolve().parent.parent
CHAT_TEMPLATE = (
    "{% for message in messages %}<s>{{ message['role'] }}\n{{ message['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)
SENTENCES = ["The cat sat on the mat.", "A dog ran after the ball.", "EDITED: It rained all day. <end>"] * 40


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks with `ray` whatever uses the fixture `ray_session`, by itself or through another fixture."""
    for item in items:
        if "ray_session" in getattr(item, "fixturenames", ()):
            item.add_marker("ray")


@pytest.fixture(scope="session")
def ray_session() -> Iterator[None]:
    """One local Ray for all tests; four logical CPUs, so that a trial, its training and its data have room."""
    import ray
    from ray.data import DataContext

    ray.init(address="local", num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="error")
    DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.fixture(scope="session")
def free_ports() -> Iterator[int]:
    """Ports on which nobody listens, below those that the system hands out, so that no one takes them meanwhile."""
    return filter(_is_free, random.Random(os.getpid()).sample(range(15_000, 30_000), 2_000))


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real corpora; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("GLEANER_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real corpora are not here; set GLEANER_DATA to their folder")
    return folder


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each local folder was listed and each local file opened through fsspec, by its path."""
    from fsspec.implementations.local import LocalFileSystem

    seen: Counter[str] = Counter()

    def noted(real: Callable[..., Any]) -> Callable[..., Any]:
        def look(filesystem: LocalFileSystem, path: str, *arguments: Any, **options: Any) -> Any:
            seen[path.rstrip("/")] += 1
            return real(filesystem, path, *arguments, **options)

        return look

    for name in ("ls", "open"):
        monkeypatch.setattr(LocalFileSystem, name, noted(getattr(LocalFileSystem, name)))
    return seen


@pytest.fixture
def corpus_file(tmp_path: Path) -> Path:
    """A folder of three JSON-lines shards with 300 documents, some of them equal up to case and white space."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for shard in range(3):
        lines = []
        for row in range(100):
            number = shard * 100 + row
            text = f"Document number {number} tells of {number % 7} small things. It says so plainly, word by word."
            if row % 10 == 9:
                text = f"  The SAME text number {row} stands in every shard."
            lines.append(json.dumps({"text": text, "genre": "odd" if number % 2 else "even", "number": number}))
        (folder / f"part-{shard}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def trained_on(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """The folder of a model, without a weight, that a store knows to have been trained on these rows."""
    import pyarrow as pa

    from pipelines.store.manifest import Manifest
    from pipelines.store.store import Store

    store = Store(str(tmp_path_factory.mktemp("trained")))

    def trained(rows: pa.Table, *, after: str = "", number: int = 0) -> str:
        def stage(kind: str, inputs: list[str], **facts: Any) -> str:
            address = f"{kind}-{number:012x}"
            store.commit(Manifest(address=address, name=kind, kind=kind, ingredients={}, inputs=inputs, **facts))
            return address

        shards = [
            store.write_table(f"encode-{number:012x}/x/part-{half}.parquet", part, 0) for half, part in _halves(rows)
        ]
        columns = dict.fromkeys(rows.column_names, "of any type")
        encoded = stage("encode", ["chosen-000000000000"], shards=shards, rows=rows.num_rows, columns=columns)
        packed = stage("pack", [encoded])
        before = [after.removeprefix(f"{store.url}/").partition("/")[0]] if after else []
        return f"{store.url}/{stage('train', [packed, *before])}/run/model"

    return trained


def _halves(rows: Any) -> Iterator[tuple[int, Any]]:
    middle = rows.num_rows // 2
    return enumerate([rows.slice(0, middle), rows.slice(middle)])


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a LLaMA of 70 thousand random parameters that transformers and vLLM both load."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=384, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)
    torch.set_num_threads(1)  # the model is too small to share, and a busy machine makes sharing slow
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=256,
        bos_token_id=fast.bos_token_id,
        eos_token_id=fast.eos_token_id,
        tie_word_embeddings=False,
    )
    LlamaForCausalLM(config).to(torch.float32).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a BERT of 60 thousand random parameters and its tokenizer, which puts a token at both ends."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny-encoder"
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=384, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    fast.save_pretrained(folder)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(fast),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=256,
    )
    BertModel(config).to(torch.float32).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tuned_llama(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny LLaMA, its weights moved a little, as by training on."""
    import shutil

    import numpy as np
    from safetensors.numpy import load_file, save_file

    folder = tmp_path_factory.mktemp("models") / "tuned-llama"
    shutil.copytree(tiny_llama, folder)
    generator = np.random.default_rng(0)
    weights = load_file(folder / "model.safetensors")
    moved = {name: each + generator.normal(0, 0.02, each.shape).astype(each.dtype) for name, each in weights.items()}
    save_file(moved, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="session")
def datamodel(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a datamodel of two proxies, both the tiny LLaMA, whose directions are random."""
    import numpy as np

    from pipelines.gradients.datamodel import Datamodel, DatamodelFacts, Proxy
    from pipelines.gradients.features import FeatureConfig, open_features
    from pipelines.store.store import Store

    config = FeatureConfig(context=64)
    dimensions = open_features(str(tiny_llama), config, 400).blocks[-1].end
    facts = DatamodelFacts(
        proxies=[Proxy.of(str(tiny_llama))] * 2, features=config, dimensions=400, longest=[100.0] * 2
    )
    root = tmp_path_factory.mktemp("models")
    directions = list(np.random.default_rng(0).normal(size=(2, dimensions)))
    Datamodel(facts, directions).save(Store(str(root)), "datamodel")
    return root / "datamodel"


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a regression on 50 buckets, whose weights are random."""
    import numpy as np

    from pipelines.scorers.ngrams.regression import Regression, RegressionFacts
    from pipelines.scorers.ngrams.vectors import Linear
    from pipelines.store.store import Store

    facts = RegressionFacts(
        of="helpful", documents=9, mean=0.5, intercept=0.25, held_out_documents=1, held_out_spearman=None
    )
    root = tmp_path_factory.mktemp("models")
    linear = Linear(np.random.default_rng(0).normal(size=50), facts.intercept)
    Regression(facts, linear).save(Store(str(root)), "regression")
    return root / "regression"


@pytest.fixture(scope="session")
def byte_transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a byte Transformer of 2 layers and random weights, its context 16 bytes, as training exports it."""
    import numpy as np
    from safetensors.numpy import save_file

    from pipelines.codecs.neural.shape import CONFIG_FILE, CONFIG_NAMES, MODEL_TYPE, WEIGHTS_FILE, Shape
    from pipelines.codecs.neural.weights import tensor_shapes

    shape = Shape(layers=2, hidden=32, heads=2, feed_forward=64, context=16)
    generator = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("models") / "byte-transformer"
    folder.mkdir()
    tensors = {}
    for name, size in tensor_shapes(shape).items():
        values = generator.standard_normal(size, np.float32)
        is_matrix = len(size) == 2 and not name.endswith(("bias", "embedding.weight"))
        tensors[name] = values / np.float32(size[1] ** 0.5) if is_matrix else 1 + values / 4
    save_file(tensors, folder / WEIGHTS_FILE)
    config = {"model_type": MODEL_TYPE, **dict(zip(CONFIG_NAMES, shape, strict=True))}
    (folder / CONFIG_FILE).write_text(json.dumps(config))
    return folder
