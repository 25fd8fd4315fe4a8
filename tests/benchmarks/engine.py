"""The engine `vllm` against a bare `vllm.LLM.generate` of the same prompts, in one process, in turns.

    python tests/benchmarks/engine.py [--prompts 128] [--tokens 64] [--rounds 5] [--model FOLDER]

Without a model a LLaMA of 4 million random parameters is made. All sides run on one loaded engine and sample alike.
The bare sides get finished prompt texts: one with a seed for every request, as our engine has it, one without, which
is vLLM at its fastest. Prints a table and one JSON line; the bar is a ratio of 0.9 to the faster one.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.contracts.engine import Message, Prompt
from pipelines.engines.vllm import Vllm
from pipelines.inference.chat import Chat
from pipelines.inference.model_files import parameter_count
from pipelines.inference.vllm_start import load

BAR = 0.9
OURS = "gleaner"
WORDS = ("cat", "dog", "rain", "house", "river", "bread", "child", "song", "winter", "road")
Sides = dict[str, Callable[[], int]]  # each writes its replies and says how many tokens they have


def main() -> None:
    """Times all sides in turns and prints what they reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or make_llama(Path(folder))
        requests = [request(number, options.tokens) for number in range(options.prompts)]
        speeds = in_turns(sides(Vllm(model=model, max_model_len=512), requests), options.rounds)
        report(speeds, {"parameters": parameter_count(model), "prompts": options.prompts, "tokens": options.tokens})


def request(number: int, tokens: int) -> Prompt:
    """One of many different prompts of about 80 words behind the same instructions."""
    words = [WORDS[(number * 7 + step * step) % len(WORDS)] for step in range(80)]
    user = f"{number}: " + " ".join(words)
    return Prompt((Message("system", "Rewrite the text in plain words."), Message("user", user)), user, tokens)


def sides(spec: Vllm, requests: list[Prompt]) -> Sides:
    """Our engine and the two bare ones over one loaded model."""
    from vllm import SamplingParams

    engine = load(spec.arguments())
    answer = spec.answering(engine)
    chat = Chat(engine.get_tokenizer())
    texts = [chat.text(request.messages) for request in requests]

    def bare(seed: int | None) -> int:
        sampling = SamplingParams(
            temperature=spec.temperature, top_p=spec.top_p, max_tokens=requests[0].max_tokens, seed=seed
        )
        return sum(len(output.outputs[0].token_ids) for output in engine.generate(texts, sampling, use_tqdm=False))

    return {
        OURS: lambda: sum(reply.tokens_out for reply in answer(requests)),
        "bare, seeded": lambda: bare(0),
        "bare": lambda: bare(None),
    }


def in_turns(measured: Sides, rounds: int) -> dict[str, list[float]]:
    """Tokens written a second, one number a side and round, after one round that does not count."""
    names = list(measured)
    for name in names:
        measured[name]()
    speeds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            start = time.perf_counter()
            tokens = measured[name]()
            speeds[name].append(tokens / (time.perf_counter() - start))
    return speeds


def report(speeds: dict[str, list[float]], about: dict[str, int]) -> None:
    """A table of medians and extremes, and one JSON line."""
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    print(f"{'side':<14}{'tokens/s':>10}{'lowest':>10}{'highest':>10}{'gleaner is':>12}")
    for name, values in speeds.items():
        share = medians[OURS] / medians[name]
        print(f"{name:<14}{medians[name]:>10.0f}{min(values):>10.0f}{max(values):>10.0f}{share:>12.3f}")
    ratio = medians[OURS] / max(value for name, value in medians.items() if name != OURS)
    figures = {name.replace(", ", "_"): round(value, 1) for name, value in medians.items()}
    print(
        json.dumps({"benchmark": "engine", "ratio": round(ratio, 4), "bar": BAR, "tokens_per_second": figures, **about})
    )


def make_llama(folder: Path) -> str:
    """A folder with a LLaMA of about 4 million random parameters and a byte-pair tokenizer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=1000, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator([" ".join(WORDS)] * 10, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    fast.save_pretrained(folder)
    shape = {"hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 4, "num_attention_heads": 4}
    config = LlamaConfig(vocab_size=len(fast), max_position_embeddings=1024, **shape)
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


if __name__ == "__main__":
    main()
