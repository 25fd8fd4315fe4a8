"""ByteDecoder: the byte Transformer as it is trained, in floats; `codecs.neural` then runs it in whole numbers.

Legend of shapes: B sequences, T tokens, D hidden, H heads, E size of a head, V vocabulary.
"""

from typing import Any

import torch
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from pipelines.codecs.neural.shape import BUCKETS, MODEL_TYPE, distance_buckets
from pipelines.codecs.neural.state import EPSILON


class ByteDecoderConfig(PretrainedConfig):
    """The sizes of `pipelines.codecs.neural.shape.Shape` under the names that transformers gives them."""

    model_type = MODEL_TYPE


class ByteDecoder(PreTrainedModel):
    """A decoder with gated ReLU layers, RMS norms and learned biases of relative positions, one table a layer (T5 1.1).

    Whatever stands first in a sequence is read as its beginning: a window of a text begins anywhere.
    """

    config_class = ByteDecoderConfig

    def __init__(self, config: ByteDecoderConfig) -> None:
        """Random weights in the shapes that `config` gives."""
        super().__init__(config)
        self.embedding = torch.nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = torch.nn.ModuleList(_Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = torch.nn.RMSNorm(config.hidden_size, eps=EPSILON)
        self.head = torch.nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def _init_weights(self, module: torch.nn.Module) -> None:
        """Normal with variance 1 / inputs; the matrices that add to the residual are scaled down by the layers."""
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=module.in_features**-0.5)
        elif isinstance(module, torch.nn.Embedding):
            torch.nn.init.normal_(module.weight)
        elif isinstance(module, torch.nn.RMSNorm):
            torch.nn.init.ones_(module.weight)
        elif isinstance(module, _Layer):
            torch.nn.init.zeros_(module.bias)
            for matrix in (module.attended, module.down):
                matrix.weight.data.div_((2 * self.config.num_hidden_layers) ** 0.5)

    def forward(self, input_ids: torch.Tensor, **_: Any) -> CausalLMOutput:
        """(B, T, V) logits of the token behind each; the network keeps no keys and values of what it has read."""
        tokens_BT = input_ids.clone()
        tokens_BT[:, 0] = self.config.bos_token_id
        hidden_BTD = self.embedding(tokens_BT)
        length = tokens_BT.shape[1]
        places = torch.arange(length, device=input_ids.device)
        buckets = torch.from_numpy(distance_buckets(length)).to(input_ids.device)
        buckets_TT = buckets[(places[:, None] - places).clamp(min=0)]
        future_TT = places[:, None] < places
        for layer in self.layers:
            hidden_BTD = layer(hidden_BTD, buckets_TT, future_TT)
        return CausalLMOutput(logits=self.head(self.norm(hidden_BTD)))


class _Layer(torch.nn.Module):
    def __init__(self, config: ByteDecoderConfig) -> None:
        super().__init__()
        hidden, wide = config.hidden_size, config.intermediate_size
        self.heads = config.num_attention_heads
        self.attention_norm = torch.nn.RMSNorm(hidden, eps=EPSILON)
        self.qkv = torch.nn.Linear(hidden, 3 * hidden, bias=False)
        self.bias = torch.nn.Parameter(torch.zeros(self.heads, BUCKETS))
        self.attended = torch.nn.Linear(hidden, hidden, bias=False)
        self.feed_forward_norm = torch.nn.RMSNorm(hidden, eps=EPSILON)
        self.gate_up = torch.nn.Linear(hidden, 2 * wide, bias=False)
        self.down = torch.nn.Linear(wide, hidden, bias=False)

    def forward(self, hidden_BTD: torch.Tensor, buckets_TT: torch.Tensor, future_TT: torch.Tensor) -> torch.Tensor:
        """The residual stream after attention and feed-forward."""
        qkv_BTD = self.qkv(self.attention_norm(hidden_BTD)).chunk(3, -1)
        query, key, value = (each.unflatten(-1, (self.heads, -1)).transpose(1, 2) for each in qkv_BTD)
        mask_HTT = self.bias[:, buckets_TT].masked_fill(future_TT, -torch.inf)
        mask_HTT = mask_HTT.to(query.dtype)  # under autocast the table is wider
        read_BHTE = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask_HTT)
        hidden_BTD = hidden_BTD + self.attended(read_BHTE.transpose(1, 2).flatten(2))
        gate, up = self.gate_up(self.feed_forward_norm(hidden_BTD)).chunk(2, -1)
        stream_BTD: torch.Tensor = hidden_BTD + self.down(torch.relu(gate) * up)
        return stream_BTD
