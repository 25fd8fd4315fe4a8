"""proxy_loss in batches against transformers one document at a time, on real text, on all cores of this machine.

    python tests/benchmarks/scoring.py [--longest 400 1500] [--documents 1000] [--hidden 128] [--layers 4]
        [--sides transformers:float32 transformers:bfloat16 vllm:float32 vllm:bfloat16]

The plain loop uses the threads that torch gives it; the step `score` runs through Ray and the store with a worker a
core. The step is timed on a few and on many row groups of the documents, repeated: the difference is its speed, the
rest its start.
The model is a random LLaMA with a BPE of 2,000 entries trained on the text; all sides read the same windows and have
to agree. Prints a table for every bound on the bytes of a text and ends with one JSON line.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from measuring import DATA

CONTEXT, STRIDE = 1024, 512
PLAIN = "one document at a time"
BAR = 3.0
FEW, MANY = 2_048, 10_240  # rows: 2 and 10 row groups
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}


def main() -> None:
    """Measures every side at every bound and prints its tokens a second and how many times the plain loop that is."""
    arguments = parse_arguments()
    import ray
    from ray.data import DataContext

    ray.init(address="local", include_dashboard=False, log_to_driver=False, logging_level="error")
    DataContext.get_current().enable_progress_bars = False
    results = []
    for longest in arguments.longest:
        texts = read_texts(arguments.documents, longest)
        with tempfile.TemporaryDirectory() as folder:
            tokens = make_model(Path(folder), texts, arguments.hidden, arguments.layers)
            results.append(measured(Path(folder), texts, tokens, arguments.sides))
        print_table(results[-1])
    print(json.dumps({"benchmark": "scoring", "bar": BAR, "settings": vars(arguments), "results": results}))


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--longest", type=int, nargs="+", default=[400, 1500], help="most bytes of a text")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    sides = ["transformers:float32", "transformers:bfloat16", "vllm:float32", "vllm:bfloat16"]
    parser.add_argument("--sides", nargs="+", default=sides, help="runner:dtype")
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


def measured(folder: Path, texts: pa.Array, tokens: int, sides: list[str]) -> dict[str, Any]:
    """The tokens/s and the seconds of start of every side, which all have to agree."""
    expected, speed = plain_loop(folder, texts, tokens)
    speeds: dict[str, dict[str, float]] = {PLAIN: {"tokens_per_second": speed, "times": 1.0}}
    for side in sides:
        runner, dtype = side.split(":")
        scores, short = step(folder, texts, FEW, runner, dtype)
        np.testing.assert_allclose(scores, expected, rtol=TOLERANCE[dtype])
        _, long = step(folder, texts, MANY, runner, dtype)
        steady = (MANY - FEW) / len(texts) * tokens / (long - short)
        speeds[side] = {
            "tokens_per_second": steady,
            "times": steady / speed,
            "start_seconds": short - FEW / len(texts) * tokens / steady,
            "largest_difference": float(np.max(np.abs(scores - expected) / expected)),
        }
    megabytes = pc.sum(pc.binary_length(texts)).as_py() / 1e6
    return {"documents": len(texts), "tokens": tokens, "megabytes": megabytes, "sides": speeds}


def print_table(result: dict[str, Any]) -> None:
    """A line a side."""
    print(f"{result['documents']} documents, {result['tokens']} tokens, {result['megabytes']:.2f} MB")
    for name, side in result["sides"].items():
        start = f"   start {side['start_seconds']:5.1f} s" if "start_seconds" in side else ""
        print(f"{name:28} {side['tokens_per_second']:10,.0f} tokens/s {side['times']:6.2f}x{start}", flush=True)


def step(folder: Path, texts: pa.Array, rows: int, runner: str, dtype: str) -> tuple[npt.NDArray[np.float64], float]:
    """The scores of the texts, and the seconds that the step took on so many rows, the texts again and again."""
    from pipelines.scorers.proxy_loss import ProxyLoss
    from pipelines.sources.parquet import Parquet
    from pipelines.stage import apply_step, ingest
    from pipelines.steps.score import Score
    from pipelines.store.store import Store

    place = pa.array(np.arange(rows) % len(texts))
    pq.write_table(pa.table({"text": texts.take(place), "place": place}), folder / "texts.parquet")
    with tempfile.TemporaryDirectory() as stored:
        store = Store(stored)
        source = Parquet(path=str(folder / "texts.parquet"))
        raw = ingest(source, store, 0.0)
        workers = os.cpu_count() or 1
        scorer = ProxyLoss(
            model=str(folder), context=CONTEXT, stride=STRIDE, runner=runner, dtype=dtype, workers=workers
        )
        started = time.perf_counter()
        scored = apply_step("loss", Score(scorer=scorer, column="loss"), raw, store, 0)
        seconds = time.perf_counter() - started
        table = pa.concat_tables([store.read_table(shard).select(["place", "loss"]) for shard in scored.shards])
    first = table.sort_by("place").group_by("place").aggregate([("loss", "max")])
    return first["loss_max"].to_numpy(), seconds


def plain_loop(folder: Path, texts: pa.Array, tokens: int) -> tuple[npt.NDArray[np.float64], float]:
    """What one writes first: tokenizer, model with labels, one window of one document after the other; its tokens/s."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

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

    def timed() -> tuple[npt.NDArray[np.float64], float]:
        started = time.perf_counter()
        scores = np.array([nats_per_byte(text) for text in texts.to_pylist()])
        return scores, time.perf_counter() - started

    nats_per_byte(texts[0].as_py())
    rounds = [timed() for _ in range(2)]
    return rounds[0][0], tokens / statistics.median(seconds for _, seconds in rounds)


if __name__ == "__main__":
    main()
