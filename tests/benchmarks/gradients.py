"""Factored features against a plain forward and backward pass of the same batch, weight gradients formed, on this CPU.

    python tests/benchmarks/gradients.py [--layers 4] [--length 128] [--sequences 16] [--dimensions 512 1024 4096]

Random tokens go through a LLaMA of as many layers as is said; a batch is what a training step of the same size would
read. Both sides use one thread and take turns; their processor seconds are compared, the median of the pairs. Prints a
table and ends with one JSON line.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from pipelines.gradients.features import FeatureConfig, Passage, open_features
from training.models.llama import Llama

BAR = 1.0
PAIRS = 7
VOCAB = 2_000


def main() -> None:
    """Measures the ratio for each number of dimensions."""
    arguments = parse_arguments()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Llama(layers=arguments.layers)
    network = model.build(VOCAB, arguments.length, 0)
    tokens = np.random.default_rng(0).integers(1, VOCAB, (arguments.sequences, arguments.length))
    with tempfile.TemporaryDirectory() as folder:
        network.save_pretrained(folder)
        results = [measured(network, folder, tokens, dimensions) for dimensions in arguments.dimensions]
    for each in results:
        print(
            f"{each['dimensions']:>6} dimensions: {each['ratio']:.2f} of a plain pass ({each['plain_seconds']:.3f} s)"
        )
    print(json.dumps({"parameters": model.parameters(VOCAB), "bar": BAR, "results": results}))


def measured(network: Any, folder: str, tokens: np.ndarray, dimensions: int) -> dict[str, float]:
    """The median over pairs of the seconds of features against those of a plain pass."""
    config = FeatureConfig(context=tokens.shape[1], batch_tokens=tokens.size)
    opened = open_features(folder, config, dimensions)
    passages = [Passage(row) for row in tokens.tolist()]
    ids = torch.from_numpy(tokens)

    def plain() -> None:
        network.zero_grad()
        network(input_ids=ids, labels=ids, use_cache=False).loss.backward()

    plain(), opened.features(passages)
    pairs = [(seconds(plain), seconds(lambda: opened.features(passages))) for _ in range(PAIRS)]
    return {
        "dimensions": opened.blocks[-1].end,
        "ratio": statistics.median(features / usual for usual, features in pairs),
        "plain_seconds": statistics.median(usual for usual, _ in pairs),
        "sequences_per_second": len(passages) / statistics.median(features for _, features in pairs),
    }


def seconds(work: Callable[[], Any]) -> float:
    """The processor seconds of the work."""
    started = time.process_time()
    work()
    return time.process_time() - started


def parse_arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--sequences", type=int, default=16)
    parser.add_argument("--dimensions", type=int, nargs="+", default=[512, 1024, 4096])
    return parser.parse_args()


if __name__ == "__main__":
    main()
