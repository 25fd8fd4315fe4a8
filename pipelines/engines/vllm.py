"""Engine `vllm`: a chat model in this process, all prompts of a call in one continuously filled batch."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, model_validator

from pipelines.contracts.component import PLACEMENT, AcceleratorType, MemoryGb, Workers
from pipelines.contracts.engine import Engine, EngineFn, Prompt, Reply
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Resources
from pipelines.inference.chat import Chat
from pipelines.inference.model_check import check_model
from pipelines.inference.model_files import ModelName, model_fingerprint, parameter_count
from pipelines.inference.vllm_start import built_for_cpu, load

if TYPE_CHECKING:
    import vllm


class Vllm(Engine):
    """Runs `vllm.LLM` on this worker's GPUs, or on its CPU where the CPU build of vLLM is installed.

    `model` is a folder of safetensors or a hub name with a revision. Each prompt is sampled with a seed of its own, so
    the other prompts of a batch change its reply only by rounding. Control tokens that a document spells are text to
    the model. vLLM: Kwon et al. 2023, arXiv 2309.06180.
    """

    version: ClassVar[int] = 2  # 2: control tokens in documents are text, templates without a system get its text

    model: ModelName
    revision: str | None = None
    max_model_len: int | None = Field(
        None, gt=1, description="tokens of prompt and reply; None: what the model can take"
    )
    dtype: str = "auto"
    temperature: float = Field(0.8, ge=0.0)
    top_p: float = Field(0.95, gt=0.0, le=1.0)
    seed: int = Field(0, ge=0)

    workers: Workers = Field(1, ge=1)
    cpus: Annotated[float, PLACEMENT] = Field(1.0, gt=0.0)
    gpus: Annotated[float | None, PLACEMENT] = Field(None, ge=0.0, description="per worker; None: what the build needs")
    memory_gb: MemoryGb = 0.0
    accelerator_type: AcceleratorType = ""
    tensor_parallel_size: Annotated[int, PLACEMENT] = Field(1, ge=1)
    max_num_seqs: Annotated[int | None, PLACEMENT] = Field(None, ge=1)
    gpu_memory_utilization: Annotated[float, PLACEMENT] = Field(0.9, gt=0.0, le=1.0)

    @model_validator(mode="after")
    def _one_gpu_for_each_part(self) -> "Vllm":
        if self.gpus is not None and self.gpus > 1 and self.gpus != self.tensor_parallel_size:
            raise Mistake(
                f"gpus {self.gpus:g} does not fit tensor_parallel_size {self.tensor_parallel_size}; "
                "leave gpus out, or give both the same number"
            )
        return self

    @property
    def resources(self) -> Resources:
        """A pool of engines, with one GPU for each part of the model where vLLM is built for GPUs."""
        needed = 0.0 if built_for_cpu() else float(self.tensor_parallel_size)
        gpus = needed if self.gpus is None else self.gpus
        return Resources(self.cpus, gpus, self.workers, self.memory_gb, self.accelerator_type)

    def fingerprint(self) -> dict[str, str]:
        """The content of the model; Mistake where it is neither a folder nor pinned by a revision."""
        return model_fingerprint(self.model, self.revision)

    def check(self) -> None:
        """Mistake where `model` is no folder, half of one, or a hub name without a revision."""
        check_model(self.model, self.revision)

    def flops(self, tokens_in: float, tokens_out: float) -> float:
        """Two operations for each parameter and token, read or written (Kaplan et al. 2020, arXiv 2001.08361)."""
        return 2.0 * parameter_count(self.model, self.revision) * (tokens_in + tokens_out)

    def open(self) -> EngineFn:
        """The engine, its model loaded; a prompt that leaves no room for a reply is answered by `too_long_prompt`."""
        return self.answering(load(self.arguments()))

    def answering(self, engine: "vllm.LLM") -> EngineFn:
        """Answers by a loaded engine: one call of it for all prompts of a batch."""
        from vllm import TokensPrompt

        chat = Chat(engine.get_tokenizer())
        context = engine.llm_engine.model_config.max_model_len

        def answer(prompts: Sequence[Prompt]) -> list[Reply]:
            texts = [chat.text(prompt.messages) for prompt in prompts]
            tokens = chat.tokens(texts)
            fitting = [row for row, ids in enumerate(tokens) if len(ids) < context]
            outputs = engine.generate(
                [TokensPrompt(prompt_token_ids=tokens[row]) for row in fitting],
                [self._sampling(texts[row], prompts[row]) for row in fitting],
                use_tqdm=False,
            )
            replies = dict(zip(fitting, map(_reply, outputs), strict=True))
            too_long = Reply("", "too_long_prompt")
            return [replies.get(row, too_long) for row in range(len(prompts))]

        return answer

    def arguments(self) -> dict[str, Any]:
        """The arguments of `vllm.LLM`, without those that are left to vLLM."""
        names = ("model", "revision", "max_model_len", "dtype", "tensor_parallel_size", "max_num_seqs")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return {**given, "gpu_memory_utilization": self.gpu_memory_utilization, "seed": self.seed}

    def _sampling(self, text: str, prompt: Prompt) -> "vllm.SamplingParams":
        from vllm import SamplingParams

        return SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=prompt.max_tokens,
            seed=prompt_seed(self.seed + prompt.attempt, text),
        )


def prompt_seed(seed: int, text: str) -> int:
    """63 random-looking bits that depend on the seed and the prompt's text alone."""
    digest = hashlib.blake2b(f"{seed}\0{text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def _reply(output: "vllm.RequestOutput") -> Reply:
    completion = output.outputs[0]
    return Reply(
        text=completion.text,
        finish=completion.finish_reason or "unfinished",
        tokens_in=len(output.prompt_token_ids or ()),
        tokens_out=len(completion.token_ids),
    )
