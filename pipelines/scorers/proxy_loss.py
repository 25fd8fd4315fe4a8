"""Scorer `proxy_loss`: how surprising a text is to a language model.

Texts are cut into windows of tokens, and a runner gives the negative log-likelihood of the scored end of every
window: `transformers` in batches of about equal length, or `vllm` by its prompt log-probabilities.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from pipelines.component import PLACEMENT, Workers
from pipelines.contracts import Fitted, FloatArray, Resources, ScoreFn, Scorer, Scores
from pipelines.model_files import loadable, model_fingerprint, parameter_count
from pipelines.vllm_start import load

CPU_BATCH_TOKENS = 1_024
GPU_BATCH_TOKENS = 16_384


class ProxyLoss(Scorer):
    """Mean negative log-likelihood of the text under a causal LM, in nats per UTF-8 byte: low is easy or well known.

    `model` is a folder of safetensors or a hub name with a `revision`. The first token is conditioned on the begin
    (else end) token of the tokenizer, and left out where it has neither. A text of more than `context` tokens is read
    in windows that move by `stride`: every token is scored once, with at least context - stride tokens before it
    where there are as many. An empty text scores 0. Scores of the runners and of other batches agree to the precision
    of `dtype`, not to the bit. `batch_tokens` bounds the tokens of one forward pass, padding counted: by default 1,024
    on a CPU, so that a batch stays in its caches, and 16,384 on a GPU.
    """

    model: Annotated[str, PLACEMENT] = Field(min_length=1)  # its content is the fingerprint
    revision: str | None = None
    context: int = Field(default=1024, ge=2)
    stride: int = Field(default=512, ge=1)
    runner: Literal["transformers", "vllm"] = "transformers"
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    batch_tokens: Annotated[int | None, PLACEMENT] = Field(default=None, ge=1)
    workers: Workers = Field(default=1, ge=1)
    cpus: Annotated[float, PLACEMENT] = Field(default=1.0, gt=0)
    gpus: Annotated[float, PLACEMENT] = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _windows_overlap(self) -> Self:
        if self.stride >= self.context:
            raise ValueError(f"stride {self.stride} leaves no left context; make it less than context {self.context}")
        return self

    @property
    def resources(self) -> Resources:
        """A pool of `workers`, since every one loads the model."""
        return Resources(cpus=self.cpus, gpus=self.gpus, workers=self.workers)

    def fingerprint(self) -> dict[str, str]:
        """The hash of the model's files, or its name and revision on a hub; ValueError where there is neither."""
        return model_fingerprint(self.model, self.revision)

    def tokens_at_once(self) -> int:
        """`batch_tokens`, or what suits the device."""
        return self.batch_tokens or (GPU_BATCH_TOKENS if self.gpus else CPU_BATCH_TOKENS)

    def open(self, fitted: Fitted) -> ScoreFn:
        """Loads tokenizer and model; ValueError for a model that has no room for `context` tokens."""
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(loadable(self.model), revision=self.revision, trust_remote_code=False)
        prefix = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
        _check_room(self)
        losses = _transformers_runner(self) if self.runner == "transformers" else _vllm_runner(self)

        # one multiplication and one addition a parameter in the forward pass
        flops_per_token = 2.0 * parameter_count(self.model, self.revision)

        def score(texts: pa.Array) -> Scores:
            if not len(texts):
                return Scores(np.zeros(0))
            rows = _encode(tokenizer, texts.to_pylist(), prefix)
            windows = [each for row, ids in enumerate(rows) for each in cut(row, ids, self.context, self.stride)]
            places = np.array([window.row for window in windows], np.int64)
            totals = np.bincount(places, losses(windows), minlength=len(texts))
            tokens = sum(len(window.tokens) for window in windows)
            sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False)
            return Scores(totals / np.maximum(sizes, 1), flops_per_token * tokens)

        return score


@dataclass(frozen=True)
class Window:
    """Some consecutive tokens of text number `row`; those from position `first` on are scored."""

    row: int
    tokens: Sequence[int]
    first: int


LossFn = Callable[[Sequence[Window]], FloatArray]  # (n,) windows -> (n,) nats of their scored tokens


def cut(row: int, tokens: Sequence[int], context: int, stride: int) -> Iterator[Window]:
    """The windows of a text; each token but the first is scored in exactly one of them."""
    scored = 1
    for start in range(0, max(len(tokens) - context + stride, 1), stride):
        window = tokens[start : start + context]
        if len(window) > scored - start:
            yield Window(row, window, scored - start)
        scored = start + len(window)


def batches(windows: Sequence[Window], batch_tokens: int) -> Iterator[list[int]]:
    """Numbers of windows, longest first, in groups of at most `batch_tokens` with padding, or of one window.

    Of equally long windows those come first that are scored from the start.
    """
    order = sorted(range(len(windows)), key=lambda number: (-len(windows[number].tokens), windows[number].first))
    start = 0
    while start < len(order):
        size = max(batch_tokens // len(windows[order[start]].tokens), 1)
        yield order[start : start + size]
        start += size


def _encode(tokenizer: Any, texts: list[str], prefix: int | None) -> list[list[int]]:
    """Token ids of every text behind the prefix; text that spells a special token stays text."""
    encoded = tokenizer(
        texts, add_special_tokens=False, return_attention_mask=False, split_special_tokens=True, verbose=False
    )
    head = [] if prefix is None else [prefix]
    return [head + ids for ids in encoded["input_ids"]]


def _check_room(spec: ProxyLoss) -> None:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(loadable(spec.model), revision=spec.revision, trust_remote_code=False)
    positions = getattr(config.get_text_config(), "max_position_embeddings", None)
    # vLLM wants room for one generated token behind the prompt.
    needed = spec.context + (spec.runner == "vllm")
    if positions is not None and needed > positions:
        raise ValueError(
            f"context {spec.context} of proxy_loss takes {needed} positions with runner '{spec.runner}', "
            f"model '{spec.model}' has {positions}; lower context and stride"
        )


def _transformers_runner(spec: ProxyLoss) -> LossFn:
    import torch
    from transformers import AutoModelForCausalLM

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model: Any = AutoModelForCausalLM.from_pretrained(
        loadable(spec.model),
        revision=spec.revision,
        dtype=getattr(torch, spec.dtype),
        use_safetensors=True,
        trust_remote_code=False,
    )
    model.to(device).eval()

    @torch.inference_mode()
    def losses(windows: Sequence[Window]) -> FloatArray:
        nats = np.zeros(len(windows))
        for numbers in batches(windows, spec.tokens_at_once()):
            ids_BT = torch.zeros(len(numbers), len(windows[numbers[0]].tokens), dtype=torch.long)
            for row, number in enumerate(numbers):
                ids_BT[row, : len(windows[number].tokens)] = torch.tensor(windows[number].tokens)
            ids_BT = ids_BT.to(device)
            # Attention is causal and the padding is on the right, so no scored token sees it: no mask is needed.
            lowest = min(windows[number].first for number in numbers) - 1  # left context needs no logits
            kept = torch.arange(lowest, ids_BT.shape[1], device=device)
            logits_BTV = model(input_ids=ids_BT, use_cache=False, logits_to_keep=kept).logits
            per_window = []
            for row, number in enumerate(numbers):
                first, end = windows[number].first, len(windows[number].tokens)
                logits_SV = logits_BTV[row, first - 1 - lowest : end - 1 - lowest].float()
                per_window.append(torch.nn.functional.cross_entropy(logits_SV, ids_BT[row, first:end], reduction="sum"))
            nats[numbers] = torch.stack(per_window).cpu().numpy()
        return nats

    return losses


def _vllm_runner(spec: ProxyLoss) -> LossFn:
    engine = load(
        {
            "model": loadable(spec.model),
            "revision": spec.revision,
            "dtype": spec.dtype,
            "max_model_len": spec.context + 1,
            "max_num_batched_tokens": max(spec.tokens_at_once(), spec.context + 1),
            "enable_prefix_caching": False,
            "trust_remote_code": False,
        }
    )
    from vllm import SamplingParams, TokensPrompt

    sampling = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, detokenize=False)

    def losses(windows: Sequence[Window]) -> FloatArray:
        prompts = [TokensPrompt(prompt_token_ids=list(window.tokens)) for window in windows]
        outputs = engine.generate(prompts, sampling, use_tqdm=False)
        return np.array([_nats(window, output.prompt_logprobs) for window, output in zip(windows, outputs)])

    return losses


def _nats(window: Window, logprobs: Any) -> float:
    places = range(window.first, len(window.tokens))
    return -sum(logprobs[place][window.tokens[place]].logprob for place in places)
