"""In process: a small network trained in the process that calls, without workers, checkpoints or a curve.

For models that train in seconds, of which many are wanted: a run of Ray Train takes longer to start.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.contracts.mistakes import Mistake
from pipelines.inference.model_files import loadable
from pipelines.inference.windows import Window, batches, padded
from training.config import TrainingConfig
from training.contracts import IntArray
from training.engine.optimizer import adamw


def fresh_network(model: str, seed: int) -> Any:
    """A causal network of the shape of a model folder with weights drawn by the seed; on a GPU, if there is one."""
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(loadable(model), trust_remote_code=False)
    torch.manual_seed(seed)
    network: Any = transformers.AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    return network.to("cuda" if torch.cuda.is_available() else "cpu")


def sequences(texts: Sequence[Sequence[int]], length: int) -> IntArray:
    """(S, length) the tokens of the texts one behind the other, cut into rows; what is left at the end is dropped.

    Mistake where not even one row is filled.
    """
    joined = np.concatenate([np.asarray(tokens, np.int64) for tokens in texts]) if len(texts) else np.zeros(0, np.int64)
    rows = len(joined) // length
    if not rows:
        raise Mistake(
            f"{len(texts)} texts have {len(joined)} tokens together, less than one sequence of {length}; take more of "
            "them, or a smaller `length`"
        )
    found: IntArray = joined[: rows * length].reshape(rows, length)
    return found


def train_in_process(network: Any, sequences_ST: IntArray, config: TrainingConfig) -> None:
    """Trains the network for the `tokens` of the config; each time that all sequences were read they are shuffled."""
    import torch

    steps, size = config.steps(sequences_ST.shape[1]), config.batch_sequences(sequences_ST.shape[1])
    optimizer = adamw(network, config)
    network.train()
    for step, rows in enumerate(_order(len(sequences_ST), steps * size, config.seed).reshape(steps, size)):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate_at(step, steps)
        _mean_loss(network, torch.from_numpy(sequences_ST[rows]).to(network.device)).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    network.eval()


def step_down(network: Any, windows: Sequence[Window], step: float, batch_tokens: int) -> None:
    """One step down the gradient of the mean loss of the windows' scored tokens, `step` times as long as all weights.

    Where the gradient is zero, or no number, nothing is changed.
    """
    import torch

    weights = [weight for weight in network.parameters() if weight.requires_grad]
    scored = sum(len(window.tokens) - window.first for window in windows)
    network.zero_grad(set_to_none=True)
    for numbers in batches(windows, batch_tokens):
        (_nats(network, [windows[number] for number in numbers]) / scored).backward()
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    length = float(torch.nn.utils.get_total_norm(gradients))
    if 0 < length < float("inf"):
        size = step * float(torch.nn.utils.get_total_norm(weights)) / length
        with torch.no_grad():
            for weight in weights:
                if weight.grad is not None:
                    weight -= size * weight.grad
    network.zero_grad(set_to_none=True)


def _order(rows: int, count: int, seed: int) -> IntArray:
    """(count,) which rows are read, one after the other: permutations of all, as many as are needed."""
    random = np.random.default_rng(seed)
    return np.concatenate([random.permutation(rows) for _ in range(-(-count // rows))])[:count]


def _mean_loss(network: Any, tokens_BT: Any) -> Any:
    import torch

    logits_BTV = network(input_ids=tokens_BT, use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits_BTV[:, :-1].flatten(0, 1), tokens_BT[:, 1:].flatten())


def _nats(network: Any, windows: Sequence[Window]) -> Any:
    """The loss of the windows' scored tokens together."""
    import torch

    ids_BT = padded(windows)
    wanted_BT = torch.full(ids_BT.shape, -100)  # what cross_entropy leaves out
    for row, window in enumerate(windows):
        wanted_BT[row, window.first : len(window.tokens)] = ids_BT[row, window.first : len(window.tokens)]
    logits_BTV = network(input_ids=ids_BT.to(network.device), use_cache=False).logits
    wanted_N = wanted_BT[:, 1:].flatten().to(network.device)
    return torch.nn.functional.cross_entropy(logits_BTV[:, :-1].flatten(0, 1), wanted_N, reduction="sum")
