"""Features against a plain forward and backward pass of the same batch, weight gradients formed, on this CPU.

    python tests/benchmarks/gradients.py [--layers 4] [--length 128] [--sequences 16] [--dimensions 512 1024 4096]
        [--traker VENV]

Random tokens of a few topics go through a LLaMA of as many layers as is said; a batch is what a training step of the
same size would read. Both sides use one thread and take turns; their processor seconds are compared, the median of the
pairs.

With `--traker`, a virtual environment that has traker beside torch and transformers, its gradient computer and its
projector for CPUs make features of the same passages, and dense ones are made here too. It also says how well the
inner products of features agree with those of traker's gradients before their projection. Prints a table and ends with
one JSON line.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipelines.gradients.features import FeatureConfig, open_features
from pipelines.inference.passages import Passage
from training.models.llama import Llama

BAR = 1.0
TRAKER_BARS = {"factored": 30, "dense": 3}
PAIRS = 7
VOCAB = 2_000
TOPICS = 20

TRAKER = """
import json, sys, time
import numpy as np, torch, transformers
from trak.gradient_computers import FunctionalGradientComputer
from trak.modelout_functions import AbstractModelOutput
from trak.projectors import BasicProjector
from trak.utils import get_num_params, vectorize

folder, dimensions = sys.argv[1], json.loads(sys.argv[2])
torch.set_num_threads(1)
network = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
tokens = torch.from_numpy(np.load(f"{folder}/tokens.npy"))

class Margin(AbstractModelOutput):
    def __init__(self):
        pass
    def get_output(self, model, weights, buffers, ids):
        arguments = (ids[None],)
        logits = torch.func.functional_call(model, (weights, buffers), arguments, {"use_cache": False}).logits[0, :-1]
        at = ids[1:, None]
        others = logits.scatter(-1, at, -torch.inf)
        return (logits.gather(-1, at).squeeze(-1) - others.logsumexp(-1)).mean()
    def get_out_to_loss_grad(self, model, weights, buffers, batch):
        raise NotImplementedError

computer = FunctionalGradientComputer(network, Margin(), get_num_params(network), torch.float32, "cpu")
def timed(work):
    started = time.process_time()
    return work(), time.process_time() - started
(gradients, forming) = timed(lambda: vectorize(computer.compute_per_sample_grad((tokens,)), device="cpu"))
np.save(f"{folder}/inner.npy", (gradients @ gradients.T).detach().numpy())
found = {}
for each in dimensions:
    projector = BasicProjector(gradients.shape[1], each, 0, "rademacher", "cpu")
    found[each] = forming + timed(lambda: projector.project(gradients, 0))[1]
    del projector
print(json.dumps(found))
"""


def main() -> None:
    """Measures the ratio for each number of dimensions."""
    arguments = parse_arguments()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Llama(layers=arguments.layers)
    network = model.build(VOCAB, arguments.length, 0)
    tokens = of_topics(arguments.sequences, arguments.length)
    with tempfile.TemporaryDirectory() as folder:
        network.save_pretrained(folder)
        results = [measured(network, folder, tokens, dimensions) for dimensions in arguments.dimensions]
        peer = beside_traker(arguments.traker, folder, tokens, arguments.dimensions) if arguments.traker else []
    for each in results:
        print(
            f"{each['dimensions']:>6} dimensions: {each['ratio']:.2f} of a plain pass ({each['plain_seconds']:.3f} s)"
        )
    for each in peer:
        print(
            f"{each['dimensions']:>6} dimensions, {each['projection']}: {each['times_traker']:.1f} times traker's "
            f"sequences a CPU-second, inner products agree to {each['agreement']:.3f}"
        )
    figures = {"bar": BAR, "results": results, "traker_bars": TRAKER_BARS, "traker": peer}
    print(json.dumps({"parameters": model.parameters(VOCAB), **figures}))


def of_topics(sequences: int, length: int) -> np.ndarray:
    """(sequences, length) random tokens, those of a sequence from one of a few topics, so that some are alike."""
    draw = np.random.default_rng(0)
    words = VOCAB // TOPICS
    return draw.integers(TOPICS, size=(sequences, 1)) * words + draw.integers(1, words, (sequences, length))


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


def beside_traker(venv: str, folder: str, tokens: np.ndarray, dimensions: list[int]) -> list[dict[str, Any]]:
    """For each number of dimensions how many times faster than traker factored and dense features are made."""
    np.save(f"{folder}/tokens.npy", tokens)
    command = [f"{venv}/bin/python", "-c", TRAKER, folder, json.dumps(dimensions)]
    peer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    exact = np.load(Path(folder) / "inner.npy")
    passages = [Passage(row) for row in tokens.tolist()]
    return [
        against(projection, passages, folder, each, peer[str(each)], exact)
        for each in dimensions
        for projection in TRAKER_BARS
    ]


def against(
    projection: str, passages: list[Passage], folder: str, dimensions: int, peer_seconds: float, exact: np.ndarray
) -> dict[str, Any]:
    """The features' speed beside traker's, and the correlation of inner products of different passages."""
    size = len(passages) * len(passages[0].tokens)
    config = FeatureConfig(context=len(passages[0].tokens), batch_tokens=size, projection=projection)
    opened = open_features(folder, config, dimensions)
    features = opened.features(passages)
    pairs = np.triu_indices(len(passages), 1)
    return {
        "projection": projection,
        "dimensions": opened.blocks[-1].end,
        "times_traker": peer_seconds / statistics.median(seconds(lambda: opened.features(passages)) for _ in range(3)),
        "agreement": float(np.corrcoef((features @ features.T)[pairs], exact[pairs])[0, 1]),
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
    parser.add_argument("--traker", help="a virtual environment that has traker")
    return parser.parse_args()


if __name__ == "__main__":
    main()
