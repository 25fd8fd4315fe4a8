"""The byte model of a compressing codec: trained here on bytes, run by `pipelines.codecs.byte_models.transformer`.

Legend of shapes: B sequences, T tokens, V vocabulary.
"""

from typing import Any, Literal

from pipelines.codecs.neural.shape import CONFIG_NAMES, VOCABULARY, Shape
from pipelines.contracts.codec import Codec
from pipelines.contracts.mistakes import Mistake
from training.contracts import Model

Size = Literal["3m", "800k", "200k"]
SIZES: dict[Size, tuple[int, int, int, int]] = {  # layers, hidden, heads, feed_forward
    "3m": (3, 256, 4, 1024),
    "800k": (3, 128, 2, 512),
    "200k": (3, 64, 1, 256),
}


class ByteTransformer(Model):
    """M1 of arXiv 2404.03626 (section 3.1): `3m` is the paper's, the others have the same layers, thinner.

    It reads bytes, so the data that it is trained on needs `codec: bytes`. Its context is the length of the packed
    sequences, and the first token of each is taken as the beginning of a text: short sequences teach it how
    windows begin.
    """

    size: Size = "3m"

    def shape(self, length: int) -> Shape:
        """The sizes for sequences of `length`."""
        return Shape(*SIZES[self.size], context=length)

    def check_codec(self, codec: Codec) -> None:
        """Raises Mistake with the cure for every codec but `bytes`."""
        if codec.kind != "bytes":
            raise Mistake(
                f"model 'byte_transformer' reads bytes, the data beside it has the codec '{codec.kind}'; set `codec: "
                "{kind: bytes}` there"
            )

    def build(self, vocab_size: int, length: int, end: int) -> Any:
        """A ByteDecoder of the 257 tokens of codec `bytes`."""
        from training.networks.byte_decoder import ByteDecoder, ByteDecoderConfig

        sizes = dict(zip(CONFIG_NAMES, self.shape(length), strict=True))
        settings: dict[str, Any] = {"vocab_size": VOCABULARY, "bos_token_id": end, "eos_token_id": end, **sizes}
        return ByteDecoder(ByteDecoderConfig(**settings))

    def parameters(self, vocab_size: int) -> int:
        """How many weights the model has: layers, gains, position biases, embedding and output."""
        layers, hidden, heads, _ = SIZES[self.size]
        per_layer = 2 * hidden + heads * 32
        return self.shape(1).weights + layers * per_layer + hidden + 2 * vocab_size * hidden

    def training_flops_per_token(self, vocab_size: int, length: int) -> float:
        """6 N + 12 layers hidden length, N the weights of matrices (PaLM, Chowdhery et al. 2022, appendix B)."""
        shape = self.shape(length)
        return 6.0 * (shape.weights + vocab_size * shape.hidden) + 12.0 * shape.layers * shape.hidden * length
