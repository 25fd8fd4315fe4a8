"""Embedding and semantic deduplication: documents a CPU-second of the steps, and how near they are to their limits.

    OMP_NUM_THREADS=1 python tests/benchmarks/embed.py [--rows 2000] [--points 20000] [--clusters 16]

A causal model of about a million random weights (4 layers of 128) embeds texts of the mixture with embedder `hidden`,
beside the limit: a bare loop of the same network over the same texts in file order, in batches of 8 texts with their
padding, mean pooled under the mask. `dedup_semantic` runs through Ray on random vectors of 128 numbers in clusters of
equal size, beside the limit of one product of matrices of all pairs of each cluster, without order, maximum, or
shuffle, and beside SemDeDup's own rule in numpy: all cosines of a cluster at once, and their upper triangle's maximum.

Everything on one thread; CPU-seconds of all processes. Ends with one JSON line.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from measuring import DATA, best_of_three, processor_seconds, shard_texts

from pipelines.contracts.step import Step
from pipelines.embedders.hidden import Hidden
from pipelines.sources.reading.documents import content_ids
from pipelines.stage import apply_step
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.vectors import as_column, to_unit

WIDTH = 128
CONTEXT = 512
BATCH_TEXTS = 8


def write_model(folder: Path, texts: Sequence[str]) -> None:
    """A LLaMA with random weights and a tokenizer of 2,000 entries trained on the texts."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=2_000, special_tokens=["<s>"]))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>").save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=2_000,
        hidden_size=WIDTH,
        intermediate_size=344,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=CONTEXT,
        bos_token_id=0,
        eos_token_id=0,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def bare(folder: Path, texts: Sequence[str]) -> Any:
    """The loop that one writes first; texts beyond the context are cut off, so the benchmark has none."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, pad_token="<s>", padding_side="right")
    network = AutoModel.from_pretrained(folder, use_safetensors=True).eval()

    def loop() -> np.ndarray:
        found = []
        for start in range(0, len(texts), BATCH_TEXTS):
            batch = tokenizer(list(texts[start : start + BATCH_TEXTS]), return_tensors="pt", padding=True)
            with torch.inference_mode():
                mask = batch["attention_mask"]
                states = network(input_ids=batch["input_ids"], attention_mask=mask).last_hidden_state
                found.append(((states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)).numpy())
        return to_unit(np.concatenate(found))

    return loop


def embedding(folder: Path, texts: Sequence[str]) -> dict[str, float]:
    """Documents a CPU-second of the embedder and of the bare loop, by turns, the best of three each."""
    embed = Hidden(model=str(folder), context=CONTEXT).open()
    _, ours = best_of_three(lambda: embed(texts))
    _, loop = best_of_three(bare(folder, texts))
    return {"documents": len(texts), "hidden": len(texts) / ours, "bare_loop": len(texts) / loop}


def clusters_of(points: int, clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Random vectors of length 1, and the number of the cluster of each."""
    vectors = to_unit(np.random.default_rng(0).normal(size=(points, WIDTH)))
    return vectors, (np.arange(points) % clusters).astype(np.int32)


def step_seconds(vectors: np.ndarray, numbers: np.ndarray, store: Store) -> float:
    """CPU-seconds of the step in a session that has run one before."""
    texts = pa.array([f"text {row}" for row in range(len(vectors))])
    table = pa.table(
        {
            "id": content_ids(texts),
            "text": texts,
            "embedding": as_column(vectors),
            "cluster": numbers,
            "cluster_similarity": np.random.default_rng(1).random(len(vectors)),
        }
    )
    spent = 0.0
    for number, rows in enumerate((table.slice(0, 500), table)):
        pieces = [rows.slice(start, 5_000) for start in range(0, rows.num_rows, 5_000)]
        shards = [store.write_table(f"b-{number}/x/{at}.parquet", each, 0) for at, each in enumerate(pieces)]
        columns = {field.name: str(field.type) for field in rows.schema}
        manifest = Manifest(
            address=f"b-{number}",
            name="b",
            kind="b",
            ingredients={},
            shards=shards,
            rows=rows.num_rows,
            columns=columns,
        )
        before = processor_seconds()
        apply_step("dedup", Step.model_validate({"kind": "dedup_semantic", "keep": 0.5}), manifest, store, 0)
        spent = processor_seconds() - before
    return spent


def papers_rule(vectors: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Each row's highest cosine to one before it, all pairs of a cluster in memory."""
    highest = np.full(len(vectors), -1.0, np.float32)
    for number in np.unique(numbers):
        rows = np.flatnonzero(numbers == number)
        highest[rows] = np.triu(vectors[rows] @ vectors[rows].T, 1).max(axis=0)
    return highest


def products(vectors: np.ndarray, numbers: np.ndarray) -> int:
    """The products of matrices alone."""
    return sum((vectors[numbers == number] @ vectors[numbers == number].T).shape[0] for number in np.unique(numbers))


def main() -> None:
    """Measures both and prints them."""
    import ray
    import torch

    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=DATA / "mixture")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--clusters", type=int, default=16)
    given = parser.parse_args()
    torch.set_num_threads(1)
    texts = [text[:1_000] for text in shard_texts(sorted(given.data.glob("part-*"))[0]) if text][: given.rows]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        write_model(folder, texts)
        result = embedding(folder, texts)
        vectors, numbers = clusters_of(given.points, given.clusters)
        ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
        spent = step_seconds(vectors, numbers, Store(f"{scratch}/store"))
        _, alone = best_of_three(lambda: products(vectors, numbers))
        _, rule = best_of_three(lambda: papers_rule(vectors, numbers))
        ray.shutdown()
    of_pairs = {"dedup_semantic": spent, "papers_rule": rule, "products_alone": alone}
    result |= {"points": given.points, **{name: given.points / seconds for name, seconds in of_pairs.items()}}
    for name, value in result.items():
        print(f"{name:16} {value:12,.1f}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
