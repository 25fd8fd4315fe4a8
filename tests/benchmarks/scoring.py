"""proxy_loss in batches against transformers one document at a time, on real text.

    python tests/benchmarks/scoring.py [--documents 400] [--hidden 128] [--layers 4] [--dtype float32]
        [--plain-dtype float32] [--longest 1000000] [--runners transformers vllm]

Prints a table and ends with one JSON line. The model is a random LLaMA with a BPE of 2,000 entries trained on the
text; both sides read the same windows of the same documents, on one thread each, and have to agree.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

DATA = Path(os.environ.get("GLEANER_DATA", Path(__file__).parents[3] / "shared" / "data"))
CONTEXT, STRIDE = 1024, 512


def main() -> None:
    """Measures every runner and prints its tokens a second and how many times the plain loop that is."""
    arguments = parse_arguments()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import torch

    torch.set_num_threads(1)
    texts = read_texts(arguments.documents, arguments.longest)
    with tempfile.TemporaryDirectory() as folder:
        tokens = make_model(Path(folder), texts, arguments.hidden, arguments.layers)
        expected, plain = timed(plain_loop(folder, arguments.plain_dtype), texts)
        timings = {"one document at a time": plain}
        for runner in arguments.runners:
            scores, timings[f"proxy_loss, {runner}"] = timed(batched(folder, runner, arguments.dtype), texts)
            exact = arguments.dtype == arguments.plain_dtype == "float32"
            np.testing.assert_allclose(scores, expected, rtol=1e-3 if exact else 0.1)
    print(f"{len(texts)} documents, {tokens} tokens, {pc.sum(pc.binary_length(texts)).as_py() / 1e6:.2f} MB")
    for name, timing in timings.items():
        timing |= {f"times_{clock}": plain[clock] / timing[clock] for clock in ("seconds", "cpu_seconds")}
        print(
            f"{name:28} {timing['seconds']:8.2f} s {tokens / timing['seconds']:10,.0f} tokens/s "
            f"{timing['times_seconds']:6.2f}x   CPU {timing['cpu_seconds']:8.2f} s {timing['times_cpu_seconds']:6.2f}x"
        )
    settings = vars(arguments) | {"documents": len(texts), "tokens": tokens}
    print(json.dumps({"benchmark": "scoring", "settings": settings, "results": timings}))


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--plain-dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--longest", type=int, default=1_000_000, help="leave out texts of more bytes")
    parser.add_argument("--runners", nargs="+", default=["transformers", "vllm"])
    return parser.parse_args()


def read_texts(documents: int, longest: int) -> pa.Array:
    """(n,) texts of at most `longest` bytes, evenly spread over the parquet shards of the mixture."""
    files = sorted((DATA / "mixture").glob("*.parquet"))
    if not files:
        raise SystemExit(f"no parquet shards in {DATA / 'mixture'}; set GLEANER_DATA to the folder of the test data")
    texts = pa.concat_tables([pq.read_table(file, columns=["text"]) for file in files])["text"].combine_chunks()
    texts = texts.filter(pc.less_equal(pc.binary_length(texts), longest))
    return texts.take(np.linspace(0, len(texts) - 1, min(documents, len(texts))).astype(np.int64))


def make_model(folder: Path, texts: pa.Array, hidden: int, layers: int) -> int:
    """A random LLaMA and a tokenizer are saved in the folder; returns the number of tokens of the texts."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=2000,
        special_tokens=["<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts.to_pylist(), trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>").save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=2000,
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 32,
        num_key_value_heads=hidden // 32,
        max_position_embeddings=2 * CONTEXT,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return sum(len(encoding.ids) for encoding in tokenizer.encode_batch(texts.to_pylist()))


def timed(score: Callable[[pa.Array], np.ndarray], texts: pa.Array) -> tuple[np.ndarray, dict[str, float]]:
    """The scores and the seconds they took by the clock and of the CPU, after a warm-up on a few of the texts.

    On a machine that others use too, the CPU's seconds are the steadier figure.
    """
    score(texts.slice(0, 16))
    started, started_cpu = time.perf_counter(), time.process_time()
    scores = score(texts)
    return scores, {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - started_cpu}


def batched(folder: str, runner: str, dtype: str) -> Callable[[pa.Array], np.ndarray]:
    """The scorer as the product runs it, 256 documents a call."""
    from pipelines.scorers.proxy_loss import ProxyLoss

    score = ProxyLoss(model=folder, context=CONTEXT, stride=STRIDE, runner=runner, dtype=dtype).open({})
    return lambda texts: np.concatenate([score(texts.slice(start, 256)) for start in range(0, len(texts), 256)])


def plain_loop(folder: str, dtype: str) -> Callable[[pa.Array], np.ndarray]:
    """What one writes first: tokenizer, model with labels, one window of one document after the other."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()

    @torch.inference_mode()
    def nats_per_byte(text: str) -> float:
        ids = torch.tensor([[tokenizer.eos_token_id, *tokenizer(text)["input_ids"]]])
        nats, done, start = 0.0, 1, 0
        while done < ids.shape[1]:
            window = ids[:, start : start + CONTEXT]
            labels = window.clone()
            labels[:, : done - start] = -100
            nats += float(model(window, labels=labels).loss) * (window.shape[1] - (done - start))
            done, start = start + window.shape[1], start + STRIDE
        return nats / len(text.encode())

    return lambda texts: np.array([nats_per_byte(text) for text in texts.to_pylist()])


if __name__ == "__main__":
    main()
