"""Shape: the layout of the byte Transformer, shared by the training that writes it and the reader that runs it."""

import json
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from pipelines.contracts.mistakes import Mistake

MODEL_TYPE = "gleaner_byte_decoder"
VOCABULARY = 257  # the bytes, and 256 where a text begins or ends
BUCKETS = 32
EXACT_BUCKETS = 16  # distances below have a bucket each
FAR = 128  # distances from here on share the last bucket
WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"


class Shape(NamedTuple):
    """Sizes of a decoder: `layers` of attention with `heads` and of a gated feed-forward of `feed_forward` units."""

    layers: int
    hidden: int
    heads: int
    feed_forward: int
    context: int

    @property
    def weights(self) -> int:
        """Weights of the layers, without embeddings and gains: 3.1M for the paper's 3 x 256 x 1024."""
        return self.layers * (4 * self.hidden**2 + 3 * self.hidden * self.feed_forward)

    @classmethod
    def from_config(cls, content: bytes) -> Self:
        """The shape in an exported config.json; Mistake where that describes another architecture."""
        config = json.loads(content)
        if config.get("model_type") != MODEL_TYPE:
            raise Mistake(
                f"this model is a '{config.get('model_type')}', byte model 'transformer' runs '{MODEL_TYPE}'; train it "
                "with training.model.kind byte_transformer"
            )
        missing = [name for name in CONFIG_NAMES if not isinstance(config.get(name), int)]
        if missing:
            raise Mistake(f"the {CONFIG_FILE} of this byte model does not say {missing}; export the model again")
        return cls(*(config[name] for name in CONFIG_NAMES))


# The names that transformers gives these sizes, in the order of Shape.
CONFIG_NAMES = (
    "num_hidden_layers",
    "hidden_size",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
)


def distance_buckets(most: int) -> npt.NDArray[np.int64]:
    """(most + 1,) the bucket of each distance back: its own below 16, then logarithmic up to 128 (T5, section 2.1).

    Bucket 16 + j begins at the distance 16 * 8^(j/16), compared in integers.
    """
    logarithmic = BUCKETS - EXACT_BUCKETS
    ratio = FAR // EXACT_BUCKETS
    starts = [
        next(far for far in range(EXACT_BUCKETS, FAR + 1) if far**logarithmic >= EXACT_BUCKETS**logarithmic * ratio**j)
        for j in range(logarithmic)
    ]
    return np.searchsorted([*range(EXACT_BUCKETS), *starts], np.arange(most + 1), side="right") - 1
