"""Study: what arXiv 2404.03626 measures of tokens and of the model that was trained on them, for one arm.

Legend of shapes: B windows in a batch, T tokens of its longest window, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from pipelines.codecs.entropy.stability import Stability, prefix_stability
from pipelines.codecs.entropy.statistics import Uniformity, uniform_bits_per_byte, uniformity, unigram_bits_per_byte
from pipelines.contracts.codec import Codec, Coder, TokenArrays, come_back
from pipelines.contracts.component import PLACEMENT, Component, Spec
from pipelines.contracts.rows import BoolArray
from pipelines.packing.packed import Packed
from pipelines.packing.sequences import scored
from training.contracts import Objective
from training.held_out.windows import WindowBatch, window_batches
from training.measures.bits_per_byte import batch_tokens, predict_windows

SENTENCE = " was what they had been talking about, until the rain began and everyone went back to the house."


class StudyConfig(Spec):
    """How much is looked at, which bounds the time that it takes."""

    text_bytes: int = Field(default=1 << 20, gt=0, description="of held-out text, encoded for all measures")
    documents: int = Field(default=64, gt=0, description="decoded again")
    prefixes: int = Field(default=100, ge=2, description="different words behind which a sentence is encoded")
    tokens: int = Field(default=16_384, gt=0, description="of held-out text, predicted by the model")
    sequences: int = Field(default=4_096, gt=0, description="of the training data, counted for the unigram model")


@dataclass(frozen=True)
class Arm:
    """What is studied: a trained codec, the data packed with it, and the network, with what it was trained to tell.

    `flops_per_token` is what a token costs the network forward.
    """

    codec: Codec
    coder: Coder
    packed: Packed
    network: Any
    objective: Objective
    flops_per_token: float


@dataclass(frozen=True)
class Study:
    """The measures of one arm.

    Bits per byte of the trivial models count the end of every document, as `evaluate` does; `bytes_per_token` does not.
    `flops_per_byte` are those of predicting: what the model's forward pass and the codec's own model take.
    `accuracy_by_position` is the share of tokens that the model finds most probable, by `Coder.places`.
    `stability` is None where the held-out text has no two different words.
    """

    codec: str
    vocab_size: int
    lossless: bool
    round_trip_share: float
    bytes_per_token: float
    uniform_bits_per_byte: float
    unigram_bits_per_byte: float
    flops_per_byte: float
    compressor_flops_per_byte: float
    uniformity: list[Uniformity]
    stability: Stability | None
    accuracy_by_position: list[float]


def study(arm: Arm, texts: Sequence[str], documents: TokenArrays, config: StudyConfig) -> Study:
    """The measures on whole texts and their tokens; the same arm, texts and config give the same study."""
    coder = arm.coder
    tokens = np.concatenate(documents)
    closed = np.concatenate([np.append(each, np.uint32(coder.end)) for each in documents])
    text_bytes = sum(len(text.encode()) for text in texts)
    seen = training_tokens(arm.packed, config.sequences)
    bytes_per_token = text_bytes / len(tokens)
    return Study(
        codec=described(arm.codec),
        vocab_size=coder.vocab_size,
        lossless=arm.codec.lossless,
        round_trip_share=round_trip_share(arm, texts[: config.documents], documents[: config.documents]),
        bytes_per_token=bytes_per_token,
        uniform_bits_per_byte=uniform_bits_per_byte(closed, text_bytes, coder.vocab_size),
        unigram_bits_per_byte=unigram_bits_per_byte(closed, text_bytes, seen, coder.vocab_size),
        flops_per_byte=arm.flops_per_token / bytes_per_token + coder.flops_per_byte,
        compressor_flops_per_byte=coder.flops_per_byte,
        uniformity=uniformity_without_end(tokens, coder),
        stability=stability(coder, texts, config.prefixes),
        accuracy_by_position=accuracy_by_place(arm, first_tokens(documents, config.tokens)),
    )


def training_tokens(packed: Packed, sequences: int) -> npt.NDArray[np.int64]:
    """(n,) the tokens of so many packed sequences, evenly spread, without the filling of the last ones."""
    chosen = np.unique(np.linspace(0, packed.sequences - 1, min(sequences, packed.sequences)).astype(np.int64))
    rows = packed.rows(chosen)
    return rows[scored(rows, packed.end)]


def described(codec: Codec) -> str:
    """The codec in a line: its kind and parameters, of a byte model the kind alone."""
    told = [codec.kind]
    for name, field in type(codec).model_fields.items():
        value = getattr(codec, name)
        if name != "kind" and PLACEMENT not in field.metadata:
            told.append(f"{name}={_named(value)}")
    return " ".join(told)


def _named(value: Any) -> Any:
    if isinstance(value, Codec):
        return f"({described(value)})"
    return value.kind if isinstance(value, Component) else value


def round_trip_share(arm: Arm, texts: Sequence[str], documents: TokenArrays) -> float:
    """The share of the documents that are decoded to their texts; all at once where nothing can be lost."""
    return float(np.mean(come_back(arm.codec, arm.coder, documents, texts)))


def uniformity_without_end(tokens: npt.NDArray[np.uint32], coder: Coder) -> list[Uniformity]:
    """How far from uniform the tokens are, numbered as if there were no end token.

    The noise that they are compared with is drawn anew from the same seed, so that a study can be repeated.
    """
    numbers = tokens.astype(np.int64) - (tokens > coder.end)
    return uniformity(numbers, coder.vocab_size - 1, np.random.default_rng(0).bytes(2 * len(numbers)))


def stability(coder: Coder, texts: Sequence[str], prefixes: int) -> Stability | None:
    """How stable SENTENCE is behind the first `prefixes` different words of the texts; None where there is but one."""
    words = list(dict.fromkeys(word for text in texts for word in text.split()))[:prefixes]
    return prefix_stability(coder, words, SENTENCE) if len(words) > 1 else None


def first_tokens(documents: TokenArrays, count: int) -> TokenArrays:
    """The documents up to `count` tokens together, the last of them cut off there."""
    starts = np.cumsum([0, *map(len, documents)])
    return [each[: count - start] for each, start in zip(documents, starts[:-1].tolist(), strict=True) if start < count]


def accuracy_by_place(arm: Arm, documents: TokenArrays) -> list[float]:
    """The share of the documents' tokens that the network finds most probable, for each of `coder.places`.

    Every token is predicted once, in windows as `evaluate` has them; the end of a document is not counted.
    """
    coder, network = arm.coder, arm.network
    places = [coder.places(tokens) for tokens in documents]
    hits, counts = np.zeros((2, 1 + max(int(each.max(initial=0)) for each in places)))
    length, most = network.config.max_position_embeddings, batch_tokens(coder.vocab_size)
    batches = window_batches(documents, coder.end, length, most)
    for batch, placed in zip(batches, window_batches(places, -1, length, most), strict=True):
        where_BT = batch.scored_BT & (placed.tokens_BT >= 0)
        np.add.at(counts, placed.tokens_BT[where_BT], 1)
        np.add.at(hits, placed.tokens_BT[where_BT & window_hits(network, arm.objective, batch)], 1)
    shares: list[float] = (hits / np.maximum(counts, 1)).tolist()
    return shares


def window_hits(network: Any, objective: Objective, batch: WindowBatch) -> BoolArray:
    """(B, T) whether each token is a scored one, and the one that the network finds most probable in its window."""
    import torch

    with torch.inference_mode():
        predicted = predict_windows(network, objective, batch)
        hits_BT: BoolArray = predicted.hits_BT(batch.tokens_BT.shape[1]).cpu().numpy()
    return hits_BT
