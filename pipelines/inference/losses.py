"""Losses: the negative log-likelihood of windows of tokens under a causal language model.

A runner gives the loss of the scored end of every window: `transformers` in batches of about equal length, or `vllm` by
its prompt log-probabilities.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pipelines.contracts.rows import FloatArray
from pipelines.inference.model_files import loadable
from pipelines.inference.network import check_room, load_network
from pipelines.inference.number_formats import computed_in
from pipelines.inference.vllm_start import built_for_cpu, load
from pipelines.inference.windows import Window, batches, padded

Runner = Literal["transformers", "vllm"]
LossFn = Callable[[Sequence[Window]], FloatArray]  # (n,) windows -> (n,) nats of their scored tokens


@dataclass(frozen=True)
class LossModel:
    """Which model is asked, and how.

    A folder of safetensors or a hub name with a revision, the number format that is precise enough, the longest window
    in tokens, and how many tokens, with padding, one forward pass takes.
    """

    model: str
    revision: str | None
    runner: Runner
    dtype: str
    context: int
    batch_tokens: int


def open_losses(spec: LossModel) -> LossFn:
    """The loaded model; Mistake where it has no room for a window of `context` tokens."""
    # vLLM wants room for one generated token behind the prompt.
    check_room(spec.model, spec.revision, spec.context + (spec.runner == "vllm"))
    if spec.runner == "vllm":
        return _vllm_runner(spec)
    return network_losses(load_network(spec.model, spec.revision, spec.dtype), spec.batch_tokens)


def network_losses(network: Any, batch_tokens: int) -> LossFn:
    """The losses under a network as it is when it is asked, in batches of at most `batch_tokens` with padding."""
    import torch

    @torch.inference_mode()
    def losses(windows: Sequence[Window]) -> FloatArray:
        nats = np.zeros(len(windows))
        for numbers in batches(windows, batch_tokens):
            ids_BT = padded([windows[number] for number in numbers]).to(network.device)
            # Attention is causal and the padding is on the right, so no scored token sees it: no mask is needed.
            lowest = min(windows[number].first for number in numbers) - 1  # left context needs no logits
            kept = torch.arange(lowest, ids_BT.shape[1], device=network.device)
            logits_BTV = network(input_ids=ids_BT, use_cache=False, logits_to_keep=kept).logits
            per_window = []
            for row, number in enumerate(numbers):
                first, end = windows[number].first, len(windows[number].tokens)
                logits_SV = logits_BTV[row, first - 1 - lowest : end - 1 - lowest].float()
                per_window.append(torch.nn.functional.cross_entropy(logits_SV, ids_BT[row, first:end], reduction="sum"))
            nats[numbers] = torch.stack(per_window).cpu().numpy()
        return nats

    return losses


def _vllm_runner(spec: LossModel) -> LossFn:
    engine = load(
        {
            "model": loadable(spec.model),
            "revision": spec.revision,
            "dtype": computed_in(spec.dtype, on_gpu=not built_for_cpu()),
            "max_model_len": spec.context + 1,
            "max_num_batched_tokens": max(spec.batch_tokens, spec.context + 1),
            "enable_prefix_caching": False,
        }
    )
    from vllm import SamplingParams, TokensPrompt

    sampling = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, detokenize=False)

    def losses(windows: Sequence[Window]) -> FloatArray:
        prompts = [TokensPrompt(prompt_token_ids=list(window.tokens)) for window in windows]
        outputs = engine.generate(prompts, sampling, use_tqdm=False)
        return np.array(
            [_nats(window, output.prompt_logprobs) for window, output in zip(windows, outputs, strict=True)]
        )

    return losses


def _nats(window: Window, logprobs: Any) -> float:
    places = range(window.first, len(window.tokens))
    nats: float = -sum(logprobs[place][window.tokens[place]].logprob for place in places)
    return nats
