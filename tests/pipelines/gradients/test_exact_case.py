"""The exact case: a bigram model, whose retraining on any subset is counting, against what its gradients foretell.

The linear datamodeling score (TRAK, arXiv 2303.14186, section 2) is the rank correlation, over random subsets, of the
target's output after retraining on a subset with the sum of the subset's scores.
"""

from typing import Any

import numpy as np
import pytest
import torch

from pipelines.gradients.factored import Factored
from pipelines.gradients.gram import direction, gram_of, whole
from pipelines.gradients.outputs import doubt, output_gradient

WORDS, CHAINS, SEQUENCES, LENGTH, TARGETS, SUBSETS, SMOOTHING = 10, 5, 4_000, 60, 200, 100, 0.1


class Bigram(torch.nn.Module):
    """The logits of the next word are the row of a table that belongs to this word."""

    def __init__(self, table: np.ndarray) -> None:
        super().__init__()
        self.table = torch.nn.Embedding.from_pretrained(torch.from_numpy(table).float())
        self.device, self.dtype = torch.device("cpu"), torch.float32

    def forward(self, input_ids: torch.Tensor, position_ids: torch.Tensor, use_cache: bool) -> Any:
        """An answer with logits, as networks of transformers give it."""
        return type("Answer", (), {"logits": self.table(input_ids)})


def sequences(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(SEQUENCES, LENGTH) of five chains, half of whose transitions are common to all, and TARGETS of one chain."""
    prior = 1 / np.arange(1, WORDS + 1) ** 1.2

    def chain() -> np.ndarray:
        drawn = prior * draw.gamma(1.0, size=(WORDS, WORDS))
        return np.asarray(drawn / drawn.sum(1, keepdims=True))

    common = chain()
    chains = [0.5 * common + 0.5 * chain() for _ in range(CHAINS)]

    def written(which: int) -> list[int]:
        words = [int(draw.integers(WORDS))]
        while len(words) < LENGTH:
            words.append(int(draw.choice(WORDS, p=chains[which][words[-1]])))
        return words

    candidates = np.array([written(int(draw.integers(CHAINS))) for _ in range(SEQUENCES)])
    return candidates, np.array([written(0) for _ in range(TARGETS)])


def counts(words: np.ndarray) -> np.ndarray:
    """(n, WORDS, WORDS) how often each word follows each in each sequence."""
    found = np.zeros((len(words), WORDS, WORDS))
    for now, following in zip(words.T[:-1], words.T[1:], strict=True):
        np.add.at(found, (np.arange(len(words)), now, following), 1)
    return found


def table(pairs: np.ndarray) -> np.ndarray:
    """(WORDS, WORDS) log probabilities by counting, smoothed: the model trained to its end."""
    smoothed = pairs + SMOOTHING
    logs: np.ndarray = np.log(smoothed / smoothed.sum(1, keepdims=True))
    return logs


def features(model: Bigram, output: Any, words: np.ndarray) -> np.ndarray:
    """(n, 100) the gradient of the mean output of each sequence; so many dimensions that nothing is projected."""
    tokens = torch.from_numpy(words)
    weights = torch.full(tokens.shape, 1 / (LENGTH - 1))
    weights[:, -1] = 0.0
    factored = Factored(model, WORDS**2, seed="0")

    def gradient_of(ids: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        return output_gradient(output, logits, ids.roll(-1, 1), weights)

    found: np.ndarray = factored.features(tokens, gradient_of).numpy()
    return found


def doubts(model: Bigram, words: np.ndarray) -> np.ndarray:
    """(n,) the mean of 1 - p over the words that are told in each sequence."""
    tokens = torch.from_numpy(words)
    weights = torch.full(tokens.shape, 1 / (LENGTH - 1))
    weights[:, -1] = 0.0
    found: np.ndarray = doubt(model.table(tokens).detach(), tokens.roll(-1, 1), weights).numpy()
    return found


@pytest.fixture(scope="module")
def case() -> dict[str, Any]:
    draw = np.random.default_rng(0)
    candidates, targets = sequences(draw)
    pairs, of_target = counts(candidates), counts(targets).sum(0)
    halves = np.array([draw.permutation(SEQUENCES) < SEQUENCES // 2 for _ in range(SUBSETS)])
    retrained = [table(pairs[half].sum(0)) for half in halves]
    losses = np.array([-(of_target * each).sum() / of_target.sum() for each in retrained])
    margins = np.array([(of_target * (each - np.log1p(-np.exp(each)))).sum() / of_target.sum() for each in retrained])
    return {
        "model": Bigram(table(pairs.sum(0))),
        "candidates": candidates,
        "targets": targets,
        "halves": halves,
        "better": {"loss": -losses, "margin": margins},
    }


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's, of numbers without ties."""
    return float(np.corrcoef(one.argsort().argsort(), other.argsort().argsort())[0, 1])


def datamodeling_score(case: dict[str, Any], output: str, power: int = -1, weights: Any = 1.0) -> float:
    """How the sums of scores rank the retrained models; `power` 1 takes the Gram matrix in the place of its inverse."""
    candidates = features(case["model"], output, case["candidates"])
    mean = features(case["model"], output, case["targets"]).mean(0).astype(np.float64)
    blocks = whole(Factored(case["model"], WORDS**2, seed="0").blocks)
    gram = gram_of(candidates, blocks).reshape(WORDS**2, WORDS**2)
    found = direction([gram], blocks, mean, damping=0.1) if power < 0 else gram @ mean
    return rank_correlation(case["halves"] @ (weights * (candidates @ found)), case["better"][output])


@pytest.mark.parametrize(("output", "least"), [("loss", 0.9), ("margin", 0.85)])
def test_scores_rank_retrained_models(case: dict[str, Any], output: str, least: float) -> None:
    assert datamodeling_score(case, output) >= least


def test_doubts_are_those_that_counting_gives_and_scores_times_them_rank_as_well(case: dict[str, Any]) -> None:
    found = doubts(case["model"], case["candidates"])
    p = np.exp(case["model"].table.weight.double().numpy())
    by_hand = (counts(case["candidates"]) * (1 - p)).sum((1, 2)) / (LENGTH - 1)
    np.testing.assert_allclose(found, by_hand, rtol=1e-4)
    assert found.max() > 1.1 * found.min(), "they say something"
    assert datamodeling_score(case, "margin", weights=found) >= 0.85


def test_the_gram_matrix_in_the_place_of_its_inverse_does_not(case: dict[str, Any]) -> None:
    assert datamodeling_score(case, "loss", power=1) <= 0.6


def test_a_matrix_of_part_of_the_sample_ranks_as_that_of_all(case: dict[str, Any]) -> None:
    candidates = features(case["model"], "loss", case["candidates"])
    mean = features(case["model"], "loss", case["targets"]).mean(0).astype(np.float64)
    blocks = whole(Factored(case["model"], WORDS**2, seed="0").blocks)
    scores = []
    for sample in (candidates, candidates[: 16 * WORDS**2]):
        gram = gram_of(sample, blocks).reshape(WORDS**2, WORDS**2)
        scores.append(candidates @ direction([gram], blocks, mean, damping=0.1))
    assert rank_correlation(*scores) >= 0.97
