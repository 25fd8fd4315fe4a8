"""Evaluation: how many bits a model spends on a byte of text it has never seen.

Bits per byte = nats / (ln 2 * UTF-8 bytes). The bytes are those of the text, so models of different codecs compare.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.contracts.mistakes import Mistake
from training.contracts import IntArray, Objective, Predictions, Tokens
from training.held_out.windows import WindowBatch, window_batches
from training.randomness import sequence_keys

BATCH_TOKENS = 8_192
BATCH_LOGITS = 1 << 26  # 256 MB; a vocabulary of 65,536 would take 2 GB for BATCH_TOKENS


@dataclass(frozen=True)
class Totals:
    """Sums over documents; the bits per byte of several totals are those of their sum, so means are byte-weighted."""

    documents: int = 0
    text_bytes: int = 0
    tokens: int = 0
    nats: float = 0.0

    @property
    def bits_per_byte(self) -> float:
        """That is nats / (ln 2 * text_bytes); NaN over no text."""
        return bits_per_byte(self.nats, self.text_bytes)


@dataclass(frozen=True)
class Evaluation:
    """The whole of the held-out text, and each of its genres; tokens count the end of each document.

    `nats` are those of each document, (documents,).
    """

    nats: npt.NDArray[np.float64]
    whole: Totals
    genres: dict[str, Totals] = field(default_factory=dict)


def bits_per_byte(nats: float, text_bytes: int) -> float:
    """Natural-log units over a text of so many UTF-8 bytes, as bits per byte; NaN over no text."""
    return nats / (math.log(2) * text_bytes) if text_bytes else math.nan


def evaluate(
    network: Any,
    objective: Objective,
    documents: Sequence[Tokens],
    text_bytes: IntArray,
    genres: Sequence[str] | None = None,
    length: int | None = None,
) -> Evaluation:
    """Bits per byte of whole documents, of so many UTF-8 bytes each, under a network opened by `networks.export`.

    Every token is predicted once under the objective, the end of each document included, in windows of `length` tokens
    (default: the model's own) that overlap by half.
    """
    limit = length or network.config.max_position_embeddings
    nats = np.zeros(len(documents))
    batches = window_batches(documents, network.config.eos_token_id, limit, batch_tokens(network.config.vocab_size))
    for batch in batches:
        np.add.at(nats, batch.documents, window_nats(network, objective, batch))
    return summarize(nats, text_bytes, np.array([len(tokens) + 1 for tokens in documents], dtype=np.int64), genres)


def batch_tokens(vocab_size: int) -> int:
    """How many tokens go through a network at once, so that their logits stay within BATCH_LOGITS."""
    return max(1, min(BATCH_TOKENS, BATCH_LOGITS // vocab_size))


def window_nats(network: Any, objective: Objective, batch: WindowBatch) -> npt.NDArray[np.float64]:
    """(B,) summed negative log-likelihood of the scored tokens of each window; all workers of a network together.

    Mistake where the objective leaves out some of them: what it says is then no length of a text in bits.
    """
    import torch

    with torch.no_grad():
        predicted = predict_windows(network, objective, batch)
        nats, told = predicted.nats_B().cpu().numpy(), int(predicted.counts_B().sum())
    if told != batch.scored_BT.sum():
        raise Mistake(
            f"objective '{objective.kind}' tells {told} of the {batch.scored_BT.sum()} tokens of a batch, and bits per "
            "byte are those of every token, told once; measure the model with an objective that tells them all"
        )
    return nats


def predict_windows(network: Any, objective: Objective, batch: WindowBatch) -> Predictions:
    """What the network says of the scored tokens of each window; what is random is the same for a document."""
    import torch

    tokens_BT = torch.from_numpy(batch.tokens_BT).to(network.device)
    scored_BT = torch.from_numpy(batch.scored_BT).to(network.device)
    return objective.predict(network, tokens_BT, scored_BT, sequence_keys(0, 0, batch.documents))


def summarize(
    nats: npt.NDArray[np.float64],
    text_bytes: npt.NDArray[np.int64],
    tokens: npt.NDArray[np.int64],
    genres: Sequence[str] | None,
) -> Evaluation:
    """(documents,) measurements with their sums over all documents and over each genre, genres sorted by name."""

    def total(chosen: npt.NDArray[np.bool_]) -> Totals:
        return Totals(
            int(chosen.sum()), int(text_bytes[chosen].sum()), int(tokens[chosen].sum()), float(nats[chosen].sum())
        )

    labels = np.array([] if genres is None else genres, dtype=object)
    by_genre = {str(genre): total(labels == genre) for genre in sorted(set(labels))}
    return Evaluation(nats, total(np.ones(len(nats), dtype=np.bool_)), by_genre)
