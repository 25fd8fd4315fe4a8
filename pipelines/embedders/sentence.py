"""Embedder `sentence`: a model that was trained to give like texts like vectors."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from pydantic import Field

from pipelines.contracts.embedder import Embedder, Embeddings, EmbedFn
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray
from pipelines.inference.model_check import check_model
from pipelines.inference.model_files import ModelName, local_folder, model_fingerprint, parameter_count
from pipelines.inference.network import check_room, load_encoder
from pipelines.inference.tokenizing import open_wrapped
from pipelines.inference.windows import Window, batches, padded
from pipelines.inference.workers import ModelWorkers
from pipelines.texts.vectors import to_unit

COMPUTED = ("Transformer", "Pooling", "Normalize")  # the modules of a folder that are computed here
POOLING = "pooling_mode_"


class Sentence(ModelWorkers, Embedder):
    """The mean of an encoder's states over all of a text, at length 1: vectors of like meaning, as it was trained to.

    `model` is a folder as the library sentence-transformers saves it, whose vectors are means of the states of all
    tokens (`all-MiniLM-L6-v2`, E5, GTE), or any encoder's folder. transformers computes it; that library is not needed.
    Where it would cut a text off, here the text is read in pieces of at most `context` tokens, those that the
    tokenizer adds among them, and the mean is over the tokens of all pieces. An empty text has a vector of zeros, and
    so has one whose states are not finite. `prefix` stands before every text, for models that want one.
    """

    model: ModelName
    context: int = Field(default=256, ge=8)
    prefix: str = ""

    def fingerprint(self) -> dict[str, str]:
        """The hash of the model's files."""
        return model_fingerprint(self.model)

    def check(self) -> None:
        """Mistake where `model` is no whole model folder, or its vectors are no means."""
        check_model(self.model, None)
        _check_modules(self.model)

    def open(self) -> EmbedFn:
        """The embedding function, its model loaded; Mistake where that has no room for `context` tokens."""
        check_room(self.model, None, self.context)
        wrapped = open_wrapped(self.model, None)
        network = load_encoder(self.model)
        width, flops_per_token = network.config.hidden_size, 2.0 * float(parameter_count(self.model))

        def embed(texts: Sequence[str]) -> Embeddings:
            told = [number for number, text in enumerate(texts) if text]
            tokens = wrapped.tokenize([self.prefix + texts[number] for number in told])
            windows = [
                window
                for number, ids in zip(told, tokens, strict=True)
                for window in _pieces(number, ids, wrapped.before, wrapped.after, self.context)
            ]
            totals = np.zeros((len(texts), width))
            for numbers in batches(windows, self.tokens_of_batch):
                chosen = [windows[number] for number in numbers]
                np.add.at(totals, [window.row for window in chosen], _state_sums(network, chosen))
            return Embeddings(to_unit(totals), flops_per_token * sum(len(window.tokens) for window in windows))

        return embed


def _check_modules(model: str) -> None:
    """Mistake where the folder's own list of modules, if there is one, has any that is not computed here."""
    folder = local_folder(model)
    if folder is None or not (folder / "modules.json").is_file():
        return
    for module in json.loads((folder / "modules.json").read_bytes()):
        name = str(module["type"]).rpartition(".")[2]
        if name not in COMPUTED:
            raise Mistake(
                f"model folder '{folder}' has a module {name}, which is not computed here; take another model"
            )
        config = folder / module["path"] / "config.json"
        if name == "Pooling" and config.is_file():
            _check_pooling(str(folder), json.loads(config.read_bytes()))


def _check_pooling(folder: str, config: dict[str, Any]) -> None:
    modes = {key.removeprefix(POOLING) for key, value in config.items() if key.startswith(POOLING) and value is True}
    if modes and modes != {"mean_tokens"}:
        raise Mistake(
            f"model folder '{folder}' pools by {', '.join(sorted(modes))}, and here the mean of all tokens is "
            "taken; take another model"
        )


def _pieces(row: int, tokens: Sequence[int], before: list[int], after: list[int], context: int) -> Iterator[Window]:
    """The tokens of a text in pieces, each between what the tokenizer puts before and after a text."""
    room = context - len(before) - len(after)
    for start in range(0, max(len(tokens), 1), room):
        yield Window(row, [*before, *tokens[start : start + room], *after], 0)


def _state_sums(network: Any, windows: Sequence[Window]) -> FloatArray:
    """(windows, D) float64 sums of the last states of all tokens; the padding is neither read nor counted."""
    import torch

    ids_BT = padded(windows)
    there_BT = torch.zeros_like(ids_BT)
    for row, window in enumerate(windows):
        there_BT[row, : len(window.tokens)] = 1
    ids_BT, there_BT = ids_BT.to(network.device), there_BT.to(network.device)
    with torch.inference_mode():
        states_BTD = network(input_ids=ids_BT, attention_mask=there_BT).last_hidden_state
        sums_BD = states_BTD.float().masked_fill(there_BT.unsqueeze(2) == 0, 0.0).sum(1)
    sums: FloatArray = sums_BD.double().cpu().numpy()
    return sums
