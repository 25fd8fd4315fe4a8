"""Export: the trained weights as a Hugging Face folder that transformers and vLLM load."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.store import Store

if TYPE_CHECKING:
    import torch

FOLDER = "model"


def export(network: Any, weights: dict[str, "torch.Tensor"], tokenizer_files: dict[str, bytes], store: Store) -> None:
    """`model/` in the run's folder holds safetensors, config.json and the tokenizer's files.

    `network` is any instance of the architecture; its own weights are overwritten.
    """
    import transformers

    transformers.utils.logging.disable_progress_bar()
    missing, unexpected = network.load_state_dict(weights, strict=False)
    tied = set(network.all_tied_weights_keys)
    if unexpected or set(missing) - tied:
        raise ValueError(f"weights do not fit the model: missing {sorted(set(missing) - tied)}, unknown {unexpected}")
    with tempfile.TemporaryDirectory() as scratch:
        network.save_pretrained(scratch)
        for name, content in tokenizer_files.items():
            Path(scratch, name).write_bytes(content)
        for file in sorted(Path(scratch).iterdir()):
            store.write(f"{FOLDER}/{file.name}", file.read_bytes())
