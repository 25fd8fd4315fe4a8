"""Export: the trained weights as a Hugging Face folder that transformers and vLLM load, and such a folder opened."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.codecs.tokenizer.byte_level import TOKENIZER_FILE
from pipelines.contracts.mistakes import Mistake
from pipelines.inference.model_files import loadable, parameter_count, weight_files
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store, digest

if TYPE_CHECKING:
    import torch

FOLDER = "model"


def export(network: Any, weights: dict[str, "torch.Tensor"], tokenizer_files: dict[str, bytes], store: Store) -> None:
    """`model/` in the run's folder holds safetensors, config.json and the tokenizer's files.

    `network` is any instance of the architecture; its own weights are overwritten.
    """
    import transformers

    transformers.utils.logging.disable_progress_bar()
    _put_weights(network, weights)
    with tempfile.TemporaryDirectory() as scratch:
        network.save_pretrained(scratch)
        for name, content in tokenizer_files.items():
            Path(scratch, name).write_bytes(content)
        for file in sorted(Path(scratch).iterdir()):
            store.write(f"{FOLDER}/{file.name}", file.read_bytes())


def check_start(folder: str, parameters: int, tokenizer_files: dict[str, bytes]) -> None:
    """Mistake unless the model of this folder has so many parameters, and knows the same tokens by the same numbers."""
    found = parameter_count(folder)
    if found != parameters:
        raise Mistake(
            f"training.start '{folder}' has {found:,} parameters, the model to train {parameters:,}; go on with the "
            "same model and vocabulary"
        )
    if TOKENIZER_FILE not in tokenizer_files:
        return
    file = Path(loadable(folder), TOKENIZER_FILE)
    if not file.is_file() or _vocabulary(file.read_bytes()) != _vocabulary(tokenizer_files[TOKENIZER_FILE]):
        raise Mistake(
            f"training.start '{folder}' knows other tokens than the codec makes; go on with its own tokenizer, codec "
            "`of_model` with this model"
        )


def _vocabulary(tokenizer: bytes) -> dict[str, int]:
    from tokenizers import Tokenizer

    vocabulary: dict[str, int] = Tokenizer.from_buffer(tokenizer).get_vocab()
    return vocabulary


def load_weights(network: Any, folder: str) -> None:
    """The network has the weights of an exported folder; Mistake where they are not its own."""
    from safetensors.torch import load_file

    weights: dict[str, torch.Tensor] = {}
    for file in weight_files(Path(loadable(folder))):
        weights |= load_file(file)
    _put_weights(network, weights)


def _put_weights(network: Any, weights: dict[str, "torch.Tensor"]) -> None:
    missing, unexpected = network.load_state_dict(weights, strict=False)
    tied = set(network.all_tied_weights_keys)
    if unexpected or set(missing) - tied:
        raise Mistake(f"weights do not fit the model: missing {sorted(set(missing) - tied)}, unknown {unexpected}")


def file_digests(store: Store) -> dict[str, str]:
    """xxh3 of each file of the model in the run's folder, by name."""
    paths = store.filesystem.ls(store.path(FOLDER), detail=False)
    names = sorted(path.rpartition("/")[2] for path in paths)
    return {name: digest(store.read(f"{FOLDER}/{name}")) for name in names}


def open_trained(trained: Manifest, vocab_size: int, store: Store) -> Any:
    """The network of a trained model in the store, on this machine and ready to predict.

    Mistake, with the cure, where a file of the model is gone or is not the one whose xxh3 the manifest's details
    have under `model_files`; an older release kept none.
    """
    model = trained.files["model"]
    names = store.names(model)
    if not names:
        raise store.damaged(model, "is gone")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model").mkdir()
        # File by file, since fsspec takes the name of a folder for a pattern.
        copies = [f"{folder}/model/{name}" for name in names]
        store.filesystem.get([store.path(f"{model}/{name}") for name in names], copies)
        for name, expected in trained.details.get("model_files", {}).items():
            file = Path(folder, "model", name)
            if not file.exists():
                raise store.damaged(f"{model}/{name}", "is gone")
            if digest(file.read_bytes()) != expected:
                raise store.damaged(f"{model}/{name}", "is damaged: its checksum is not the manifest's")
        return open_folder(f"{folder}/model", vocab_size)


def open_folder(folder: str, vocab_size: int) -> Any:
    """The network of an exported folder on a GPU, if there is one; Mistake unless it knows `vocab_size` tokens."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    _make_known()
    network: Any = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
    )
    if network.config.vocab_size != vocab_size:
        raise Mistake(
            f"model '{folder}' knows {network.config.vocab_size} tokens, the codec makes {vocab_size}; "
            "use the codec that the model was trained with"
        )
    return network.to(device).eval()


def _make_known() -> None:
    """Makes transformers know the architecture that is ours."""
    from transformers import AutoConfig, AutoModelForCausalLM

    from training.networks.byte_decoder import ByteDecoder, ByteDecoderConfig

    AutoConfig.register(ByteDecoderConfig.model_type, ByteDecoderConfig, exist_ok=True)
    AutoModelForCausalLM.register(ByteDecoderConfig, ByteDecoder, exist_ok=True)
