"""The small models of a validation against a bare loop that trains and asks the same ones, on this CPU.

    python tests/benchmarks/validate.py [--models 12] [--tokens 100000] [--layers 4] [--data ../shared/data]

Documents of `mixture/`, an untrained LLaMA and a tokenizer of 2,000 tokens. Both sides use one worker with one thread;
the sample is drawn and clustered before. The stage's time has all of it: the pool's start, units and their records. The
loop is plain torch, without a store, and begins with its model and tokens in memory. Prints both and ends with one JSON
line.
"""

import argparse
import json
import math
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from measuring import DATA, rows

BAR = 1.3
VOCAB, LENGTH, BATCH = 2_000, 128, 2_048


def main() -> None:
    """Measures both sides once, the stage first."""
    from cluster.jobs.session import session
    from pipelines.stage import ingest
    from pipelines.store.store import Store
    from training.recipe import EvaluationConfig
    from tuning.validation.asked import Asked
    from tuning.validation.config import RetrainConfig, ValidationConfig
    from tuning.validation.retrain import in_cells, retrain

    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder, session():
        texts = [row["text"][:2_000] for row in rows(arguments.data / "mixture", 0.3)]
        model = written_model(Path(folder), texts, arguments.layers)
        held_out = {"kind": "jsonl", "path": written(Path(folder), "held-out", texts[:60])}
        corpus = {"kind": "jsonl", "path": written(Path(folder), "corpus", texts[60:])}
        evaluation = EvaluationConfig.model_validate({"held_out": held_out})
        config = RetrainConfig(halves=arguments.models // 2, cells=0, clusters=8, tokens=arguments.tokens)
        asked = Asked(ValidationConfig(model=model, retrain=config), evaluation, 0)
        store = Store(f"{folder}/store")
        source = EvaluationConfig.model_validate({"held_out": corpus}).held_out
        cells = in_cells(ingest(source, store, 0.0), asked.config, config.clusters, store, 0)
        started = time.perf_counter()
        found = retrain(cells, config, asked, store)
        stage = time.perf_counter() - started
        loop, bits = bare_loop(model, texts, arguments)
    figures = {"models": arguments.models, "stage_seconds": stage, "loop_seconds": loop, "ratio": stage / loop}
    print(f"{arguments.models} models: stage {stage:.1f} s, bare loop {loop:.1f} s: {stage / loop:.2f} times")
    told = found.details["bits_per_byte"]["halves"]["held_out"]
    print(f"bits per byte of the first model: stage {told[0][0]:.3f}, loop {bits:.3f} (another half)")
    print(json.dumps({"bar": BAR, **figures}))


def bare_loop(model: str, texts: list[str], arguments: argparse.Namespace) -> tuple[float, float]:
    """Seconds of as many models, each trained on a random half and asked for the held-out text; and what one told."""
    import torch
    import transformers

    torch.set_num_threads(1)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    begin = tokenizer.bos_token_id
    tokens = [[begin, *ids] for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]
    held_out, candidates = tokens[:60], tokens[60:]
    held_out_bytes = sum(len(text.encode()) for text in texts[:60])
    shape = transformers.AutoConfig.from_pretrained(model)
    started, first = time.perf_counter(), math.nan
    for number in range(arguments.models):
        random = np.random.default_rng(number)
        torch.manual_seed(number)
        network = transformers.AutoModelForCausalLM.from_config(shape)
        train(network, [candidates[row] for row in np.flatnonzero(random.random(len(candidates)) < 1 / 2)], arguments)
        told = nats(network, held_out) / math.log(2) / held_out_bytes
        first = told if number == 0 else first
    return time.perf_counter() - started, first


def train(network: Any, texts: list[list[int]], arguments: argparse.Namespace) -> None:
    """AdamW on rows of LENGTH tokens, warmed up and cooled down."""
    import torch

    joined = np.concatenate([np.array(ids) for ids in texts])
    table = torch.from_numpy(joined[: len(joined) // LENGTH * LENGTH].reshape(-1, LENGTH))
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    steps, size = arguments.tokens // BATCH, BATCH // LENGTH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps + 1)
    for step in range(steps):
        batch = table[torch.arange(step * size, (step + 1) * size) % len(table)]
        logits = network(input_ids=batch, use_cache=False).logits
        torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), batch[:, 1:].flatten()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step(), schedule.step(), optimizer.zero_grad()


def nats(network: Any, texts: list[list[int]]) -> float:
    """Of the tokens of the texts behind the first, in windows as long as the rows of training."""
    import torch

    total = 0.0
    with torch.inference_mode():
        for ids in texts:
            for start in range(0, len(ids) - 1, LENGTH - 1):
                window = torch.tensor([ids[start : start + LENGTH]])
                logits = network(input_ids=window, use_cache=False).logits
                total += float(torch.nn.functional.cross_entropy(logits[0, :-1], window[0, 1:], reduction="sum"))
    return total


def written(folder: Path, name: str, texts: list[str]) -> str:
    """The file of the texts as JSON lines."""
    file = folder / f"{name}.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return str(file)


def written_model(folder: Path, texts: list[str], layers: int) -> str:
    """The folder of an untrained model with a tokenizer that is trained on the texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    from training.models.llama import Llama

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCAB, special_tokens=["<s>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(texts, trainer)
    place = str(folder / "model")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>").save_pretrained(place)
    Llama(layers=layers).build(VOCAB, LENGTH, 0).save_pretrained(place)
    return place


def parse_arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=12)
    parser.add_argument("--tokens", type=int, default=100_000)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--data", type=Path, default=DATA)
    return parser.parse_args()


if __name__ == "__main__":
    main()
