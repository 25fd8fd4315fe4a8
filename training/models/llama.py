"""LLaMA: a decoder with rotary positions, RMS normalisation and gated feed-forward layers.

Legend of shapes: B sequences, T tokens, V vocabulary.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from pipelines.contracts.mistakes import Mistake
from training.contracts import Model

Preset = Literal["25m", "113m", "403m", "2b"]
PRESETS: dict[str, dict[str, int]] = {
    "25m": {"layers": 6, "hidden": 512, "heads": 8, "feed_forward": 2048},
    "113m": {"layers": 12, "hidden": 768, "heads": 12, "feed_forward": 3072},
    "403m": {"layers": 24, "hidden": 1024, "heads": 16, "feed_forward": 4096},
    "2b": {"layers": 24, "hidden": 2048, "heads": 32, "feed_forward": 8192},
}


class Llama(Model):
    """A LLaMA (Touvron et al. 2023) whose every size follows from `layers`, unless it is given.

    hidden = 32 * layers: deep and thin, which small models profit from (MobileLLM, Liu et al. 2024, section 2.2.2);
    heads of 32, from hidden 512 on of 64; feed_forward = 8/3 * hidden rounded up to a multiple of 32 (Touvron et al.
    section 2.2). So 4 layers are 0.8M weights beside the embedding, 8 are 6.5M, 12 are 21M, 24 are 170M.

    A `preset` sets all four sizes to those of an M2 of arXiv 2404.03626: with the three matrices of the
    gated feed-forward that is 25.2M, 113M, 403M and 1.6B weights beside the embedding.
    """

    preset: Preset | None = None
    layers: int = Field(default=4, gt=0)
    hidden: int | None = Field(default=None, gt=0)
    heads: int | None = Field(default=None, gt=0)
    feed_forward: int | None = Field(default=None, gt=0)
    tie_embeddings: bool = True
    rope_theta: float = Field(default=10_000.0, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _preset_sets_sizes(cls, given: Any) -> Any:
        sizes = PRESETS.get(str(given.get("preset")), {}) if isinstance(given, Mapping) else {}
        return {**given, **{name: size for name, size in sizes.items() if given.get(name) is None}} if sizes else given

    @model_validator(mode="after")
    def _has_the_sizes_of_its_preset(self) -> Self:
        for name, size in PRESETS[self.preset].items() if self.preset else ():
            if getattr(self, name) != size:
                raise Mistake(
                    f"preset '{self.preset}' has {name} {size}, not {getattr(self, name)}; leave out `{name}`, or the "
                    "preset"
                )
        return self

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        hidden, heads, _ = self.sizes()
        if hidden % (2 * heads):
            raise Mistake(
                f"hidden {hidden} over {heads} heads is not an even head size; give a hidden that {2 * heads} divides"
            )
        return self

    def sizes(self) -> tuple[int, int, int]:
        """(hidden, heads, feed_forward), given or derived."""
        hidden = self.hidden or 32 * self.layers
        heads = self.heads or max(1, hidden // (64 if hidden >= 512 else 32))
        return hidden, heads, self.feed_forward or -(-8 * hidden // (3 * 32)) * 32

    def build(self, vocab_size: int, length: int, end: int) -> Any:
        """A LlamaForCausalLM with torch's scaled-dot-product attention; `end` opens and closes a document."""
        from transformers import LlamaConfig, LlamaForCausalLM

        hidden, heads, feed_forward = self.sizes()
        config = LlamaConfig(
            vocab_size=vocab_size,
            hidden_size=hidden,
            intermediate_size=feed_forward,
            num_hidden_layers=self.layers,
            num_attention_heads=heads,
            max_position_embeddings=length,
            tie_word_embeddings=self.tie_embeddings,
            rope_parameters={"rope_type": "default", "rope_theta": self.rope_theta},
            use_cache=False,
            bos_token_id=end,
            eos_token_id=end,
        )
        return LlamaForCausalLM._from_config(config, attn_implementation="sdpa")

    def parameters(self, vocab_size: int) -> int:
        """How many weights the model has; with tied embeddings embedding and output are counted once."""
        embeddings = 1 if self.tie_embeddings else 2
        hidden = self.sizes()[0]
        return self._layer_weights() + hidden * (1 + 2 * self.layers) + embeddings * vocab_size * hidden

    def training_flops_per_token(self, vocab_size: int, length: int) -> float:
        """6 N + 12 layers hidden length (PaLM, Chowdhery et al. 2022, appendix B).

        N counts the weights that multiply a token: the layers and the output projection, not the embedding look-up.
        As there, attention is counted in full although half of it is masked.
        """
        hidden = self.sizes()[0]
        multiplied = self._layer_weights() + vocab_size * hidden
        return 6.0 * multiplied + 12.0 * self.layers * hidden * length

    def _layer_weights(self) -> int:
        hidden, _, feed_forward = self.sizes()
        return self.layers * (4 * hidden**2 + 3 * hidden * feed_forward)
