"""Embedder `hidden`: what a causal language model has in mind at a text's tokens, on average."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from pipelines.contracts.embedder import Embedder, Embeddings, EmbedFn
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray
from pipelines.inference.model_check import check_model
from pipelines.inference.model_files import ModelName, model_fingerprint
from pipelines.inference.network import load_network, window_tokens
from pipelines.inference.tokenizing import open_tokenizer
from pipelines.inference.windows import Window, batches, cut, padded
from pipelines.inference.workers import ModelWorkers
from pipelines.texts.vectors import to_unit


class Hidden(ModelWorkers, Embedder):
    """The mean of a causal language model's last hidden states over a text's tokens, at length 1; needs no hub.

    `model` is "@name", one of the run's models, or a folder of safetensors. The begin token counts as nothing; where
    the tokenizer has neither begin nor end token, the first token does. A text of more than `context` tokens is read in
    windows that share one token, and each of its tokens counts once. `context` is by default as long as the model has
    room for, 1,024 at most. A text without a token, and one whose states are not finite, has a vector of zeros.
    Vectors of other batches agree to the precision of `dtype`, not to the bit.
    """

    model: ModelName
    context: int | None = Field(default=None, ge=2)
    dtype: Literal["float32", "bfloat16"] = "float32"

    def fingerprint(self) -> dict[str, str]:
        """The hash of the model's files, or the address of its training."""
        return model_fingerprint(self.model)

    def check(self) -> None:
        """Mistake where `model` is no whole model folder, and none that the run makes."""
        check_model(self.model, None)

    def open(self) -> EmbedFn:
        """The embedding function, its model loaded; Mistake where that has no room for `context` tokens."""
        tokenize = open_tokenizer(self.model, None)
        context = window_tokens(self.model, self.context)
        body = _body(self.model, load_network(self.model, None, self.dtype))
        width, flops_per_token = body.config.get_text_config().hidden_size, _flops_per_token(body)

        def embed(texts: Sequence[str]) -> Embeddings:
            tokens = tokenize(list(texts))
            windows = [window for row, ids in enumerate(tokens) for window in cut(row, ids, context, context - 1)]
            totals = np.zeros((len(texts), width))
            for numbers in batches(windows, self.tokens_of_batch):
                chosen = [windows[number] for number in numbers]
                np.add.at(totals, [window.row for window in chosen], _state_sums(body, chosen))
            read = sum(len(window.tokens) for window in windows)
            return Embeddings(to_unit(totals), flops_per_token * read)

        return embed


def _body(model: str, network: Any) -> Any:
    """The network without its head."""
    if network.base_model is network:
        raise Mistake(
            f"model '{model}' ({type(network).__name__}) has no hidden states to give; take one of another architecture"
        )
    return network.base_model


def _flops_per_token(body: Any) -> float:
    """One multiplication and one addition a weight in the forward pass, those of the embedding's table left out."""
    weights = sum(parameter.numel() for parameter in body.parameters())
    return 2.0 * float(weights - body.get_input_embeddings().weight.numel())


def _state_sums(body: Any, windows: Sequence[Window]) -> FloatArray:
    """(windows, D) float64 sums of the last hidden states of the tokens from `first` on.

    Attention is causal and the padding is on the right, so no token that counts sees it: no mask is needed.
    """
    import torch

    ids_BT = padded(windows)
    counted_BT = torch.zeros(ids_BT.shape, dtype=torch.bool)
    for row, window in enumerate(windows):
        counted_BT[row, window.first : len(window.tokens)] = True
    with torch.inference_mode():
        states_BTD = body(input_ids=ids_BT.to(body.device), use_cache=False).last_hidden_state
        counted_BT1 = counted_BT.to(body.device).unsqueeze(2)
        sums_BD = states_BTD.float().masked_fill(~counted_BT1, 0.0).sum(1)
    sums: FloatArray = sums_BD.double().cpu().numpy()
    return sums
