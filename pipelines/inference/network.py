"""Network: a model of a folder or a hub, loaded by transformers to be asked, never to be trained."""

import sys
from typing import Any

from pipelines.contracts.mistakes import Mistake
from pipelines.inference.model_files import loadable
from pipelines.inference.number_formats import computed_in

LONGEST_WINDOW = 1_024


def check_room(model: str, revision: str | None, positions: int) -> None:
    """Mistake where the model has no room for so many tokens one after the other."""
    there = room(model, revision)
    if positions > there:
        raise Mistake(
            f"the context takes {positions} positions, model '{model}' has {there}; lower `context`, and `stride` with "
            "it where there is one"
        )


def window_tokens(model: str, context: int | None) -> int:
    """The tokens of the longest window: as asked, else what the folder's model has room for, LONGEST_WINDOW at most.

    Mistake where more are asked for than there is room.
    """
    tokens = context or min(room(model, None), LONGEST_WINDOW)
    check_room(model, None, tokens)
    return tokens


def room(model: str, revision: str | None) -> int:
    """How many tokens the model has room for, one after the other; as good as endless where it does not say."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(loadable(model), revision=revision, trust_remote_code=False)
    there = getattr(config.get_text_config(), "max_position_embeddings", None)
    return sys.maxsize if there is None else int(there)


def load_network(model: str, revision: str | None, dtype: str) -> Any:
    """The causal network on a GPU, if there is one, in eval mode; in float32 on a CPU without instructions for it."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network: Any = transformers.AutoModelForCausalLM.from_pretrained(
        loadable(model),
        revision=revision,
        dtype=getattr(torch, computed_in(dtype, on_gpu=device == "cuda")),
        use_safetensors=True,
        trust_remote_code=False,
    )
    return network.to(device).eval()


def load_encoder(model: str) -> Any:
    """The network of a folder without a head, in float32 and eval mode, on a GPU if there is one."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    network: Any = transformers.AutoModel.from_pretrained(
        loadable(model), dtype=torch.float32, use_safetensors=True, trust_remote_code=False
    )
    return network.to("cuda" if torch.cuda.is_available() else "cpu").eval()
