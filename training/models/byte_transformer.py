"""The byte model of a compressing codec: trained here on bytes, run by `pipelines.byte_models.transformer`.

Legend of shapes: B sequences, T tokens, V vocabulary.
"""

from typing import TYPE_CHECKING, Any, Literal

from pipelines.neural.shape import CONFIG_NAMES, VOCABULARY, Shape
from training.contracts import Model

if TYPE_CHECKING:
    import torch

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

    def build(self, vocab_size: int, length: int, end: int) -> Any:
        """A ByteDecoder; ValueError where the tokens are no bytes."""
        if vocab_size != VOCABULARY:
            raise ValueError(
                f"model 'byte_transformer' reads bytes, the codec has {vocab_size} tokens; set `codec: bytes` beside it"
            )
        from training.byte_decoder import ByteDecoder, ByteDecoderConfig

        sizes = dict(zip(CONFIG_NAMES, self.shape(length), strict=True))
        settings: dict[str, Any] = {"vocab_size": vocab_size, "bos_token_id": end, "eos_token_id": end, **sizes}
        return ByteDecoder(ByteDecoderConfig(**settings))

    def parameters(self, vocab_size: int) -> int:
        """All weights: layers, gains, position biases, embedding and output."""
        layers, hidden, heads, _ = SIZES[self.size]
        per_layer = 2 * hidden + heads * 32
        return self.shape(1).weights + layers * per_layer + hidden + 2 * vocab_size * hidden

    def training_flops_per_token(self, vocab_size: int, length: int) -> float:
        """6 N + 12 layers hidden length, as for `llama`."""
        shape = self.shape(length)
        return 6.0 * (shape.weights + vocab_size * shape.hidden) + 12.0 * shape.layers * shape.hidden * length

    def nats(self, network: Any, tokens_BT: "torch.Tensor", scored_BT: "torch.Tensor") -> "torch.Tensor":
        """Next-token negative log-likelihood, summed over the tokens that are `scored`; the first has no context."""
        import torch

        logits_BTV = network(input_ids=tokens_BT).logits[:, :-1]
        targets_BT = tokens_BT[:, 1:].masked_fill(~scored_BT[:, 1:], -100)
        return torch.nn.functional.cross_entropy(
            logits_BTV.flatten(0, 1).float(), targets_BT.flatten(), ignore_index=-100, reduction="sum"
        )
