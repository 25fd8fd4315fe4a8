"""Features equal the explicit projection of each text's own gradient, for every sort of network and projection."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from pipelines.contracts.mistakes import Mistake
from pipelines.gradients import dense
from pipelines.gradients.factored import Factored
from pipelines.gradients.features import FeatureConfig, Opened, open_features, projection_seed
from pipelines.gradients.outputs import output_gradient
from pipelines.gradients.projection import projection, signs
from pipelines.gradients.weights import weights_of
from pipelines.inference.passages import Passage, windows_of

VOCAB, SEED = 23, 3


def opened(
    folder: Path, output: Any = "margin", dimensions: int = 400, context: int = 32, batch: int = 64,
    projection: Any = "factored",
) -> Opened:  # fmt: skip
    config = FeatureConfig(
        output=output, context=context, projection_seed=SEED, batch_tokens=batch, projection=projection
    )
    return open_features(str(folder), config, dimensions)


def llama(tied: bool) -> Any:
    config = transformers.LlamaConfig(
        vocab_size=VOCAB, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=32, tie_word_embeddings=tied, bos_token_id=0, eos_token_id=0, attention_bias=not tied,
    )  # fmt: skip
    return transformers.LlamaForCausalLM(config)


def gpt2() -> Any:
    config = transformers.GPT2Config(vocab_size=VOCAB, n_embd=16, n_layer=2, n_head=2, n_positions=32)
    return transformers.GPT2LMHeadModel(config)


def neox() -> Any:
    config = transformers.GPTNeoXConfig(
        vocab_size=VOCAB, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=32, tie_word_embeddings=False,
    )  # fmt: skip
    return transformers.GPTNeoXForCausalLM(config)


def qwen() -> Any:
    """Its norms of queries and keys have heads beside tokens."""
    config = transformers.Qwen3Config(
        vocab_size=VOCAB, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, max_position_embeddings=32,
    )  # fmt: skip
    return transformers.Qwen3ForCausalLM(config)


NETWORKS = {"tied": lambda: llama(True), "untied": lambda: llama(False), "gpt2": gpt2, "neox": neox, "qwen": qwen}


@pytest.fixture(params=list(NETWORKS))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    torch.manual_seed(1)
    network = NETWORKS[request.param]()
    with torch.no_grad():  # gains of 1 and biases of 0 would hide faults
        for weight in network.parameters():
            if weight.dim() == 1:
                weight.add_(0.3 * torch.randn_like(weight))
    network.save_pretrained(tmp_path)
    return tmp_path


def outputs(network: Any, output: str, tokens: list[int], first: int) -> torch.Tensor:
    """The mean output of the tokens from `first` on, by the definition."""
    logits = network(input_ids=torch.tensor([tokens])).logits[0, first - 1 : -1].double()
    p = logits.softmax(-1).gather(1, torch.tensor(tokens[first:])[:, None])
    return {"margin": torch.log(p / (1 - p)), "loss": -torch.log(p), "probability": p}[output].mean()


def with_gradients(folder: Path, output: str, passage: Passage) -> Any:
    """The network after one backward pass for one passage, each gradient formed whole."""
    network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    outputs(network, output, list(passage.tokens), passage.first).backward()
    return network


def seed_of(folder: Path) -> str:
    return projection_seed(str(folder), FeatureConfig(projection_seed=SEED))


def slow(folder: Path, output: str, dimensions: int, passage: Passage) -> np.ndarray:
    network = with_gradients(folder, output, passage)
    matrices, vectors = weights_of(network)
    side = int((dimensions // (len(matrices) + bool(vectors))) ** 0.5)
    seed = seed_of(folder)
    found = []
    for matrix in matrices:
        left = projection(matrix.rows, side, seed, f"{matrix.name}:rows")
        right = projection(matrix.columns, side, seed, f"{matrix.name}:columns")
        gradient = matrix.used_by[0][0].weight.grad
        found.append((left.T @ gradient @ right).flatten())
    if vectors:
        whole = torch.cat([getattr(each.module, "weight" if each.is_gain else "bias").grad for each in vectors])
        found.append(whole @ projection(len(whole), side * side, seed, "gains and biases"))
    return torch.cat(found).numpy()


def slow_dense(folder: Path, output: str, dimensions: int, passage: Passage, piece: int) -> np.ndarray:
    """The gradient of all weights, as one long vector, times the matrix that the pieces make up."""
    network, seed = with_gradients(folder, output, passage), seed_of(folder)
    matrices, vectors = weights_of(network)
    gradients, drawn = [], []
    for matrix in matrices:
        gradients.append(matrix.used_by[0][0].weight.grad.flatten())
        rows = max(1, piece // (matrix.columns * dimensions))
        for first in range(0, matrix.rows, rows):
            numbers = min(rows, matrix.rows - first) * matrix.columns
            drawn.append(signs(numbers, dimensions, seed, f"{matrix.name}:{first}"))
    for vector in vectors:
        gradients.append(getattr(vector.module, "weight" if vector.is_gain else "bias").grad)
        drawn.append(signs(vector.size, dimensions, seed, f"{vector.name}:0"))
    return (torch.cat(gradients) @ torch.cat(drawn) / dimensions**0.5).numpy()


def passages() -> list[Passage]:
    draw = np.random.default_rng(0)
    shapes = [(5, 1), (30, 1), (2, 1), (17, 9), (32, 31), (8, 1)]
    return [Passage([0, *draw.integers(1, VOCAB, length - 1).tolist()], first) for length, first in shapes]


@pytest.mark.parametrize("output", ["margin", "loss"])
@pytest.mark.parametrize("dimensions", [100, 800, 10**6])
def test_equal_the_explicit_gradient_projected(folder: Path, output: Any, dimensions: int) -> None:
    expected = np.stack([slow(folder, output, dimensions, passage) for passage in passages()])
    found = opened(folder, output, dimensions).features(passages())
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("output", ["margin", "loss"])
@pytest.mark.parametrize("piece", [1, 3000, dense.PIECE])
def test_dense_ones_equal_the_whole_gradient_projected(
    folder: Path, output: Any, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "PIECE", piece)
    expected = np.stack([slow_dense(folder, output, 50, passage, piece) for passage in passages()])
    found = opened(folder, output, 50, projection="dense").features(passages())
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("projection", ["factored", "dense"])
def test_doubts_are_one_less_the_mean_probability_of_a_passages_tokens(folder: Path, projection: Any) -> None:
    network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    expected = [
        1 - outputs(network, "probability", list(passage.tokens), passage.first).item() for passage in passages()
    ]
    whole = opened(folder, projection=projection).read(passages())
    np.testing.assert_allclose(whole.doubts, expected, rtol=1e-4)
    np.testing.assert_array_equal(whole.features, opened(folder, projection=projection).features(passages()))
    assert opened(folder).read([Passage([]), Passage([0])]).doubts.tolist() == [0, 0]


@pytest.mark.parametrize("projection", ["factored", "dense"])
@pytest.mark.parametrize("batch_tokens", [1, 40, 4096])
def test_neither_batch_nor_padding_nor_order_changes_them(folder: Path, projection: Any, batch_tokens: int) -> None:
    usual = opened(folder, projection=projection).features(passages())
    found = opened(folder, batch=batch_tokens, projection=projection).features(passages()[::-1])[::-1]
    np.testing.assert_allclose(found, usual, rtol=1e-4, atol=1e-5 * np.abs(usual).max())


def test_a_passage_longer_than_the_context_has_the_mean_of_all_its_tokens(folder: Path) -> None:
    tokens = [0, *np.random.default_rng(1).integers(1, VOCAB, 20).tolist()]
    features = opened(folder, "loss", context=8).features
    whole = features([Passage(tokens)])[0]
    windows = windows_of(0, Passage(tokens), 8)
    assert [tokens[0], *(token for each in windows for token in each.tokens[each.first :])] == tokens
    parts = features([Passage(each.tokens, each.first) for each in windows])
    counts = np.array([len(each.tokens) - each.first for each in windows])
    np.testing.assert_allclose(whole, (counts @ parts) / 20, rtol=1e-3, atol=1e-5)


def test_a_long_context_makes_room_for_what_is_told() -> None:
    tokens = list(range(100))
    (window,) = windows_of(0, Passage(tokens, 95), 10)
    assert window.tokens == [0, 91, 92, 93, 94, 95, 96, 97, 98, 99]
    assert window.first == 5
    cut = windows_of(0, Passage(tokens, 50), 10)
    assert cut[0].tokens[:2] == [0, 50]
    assert [token for each in cut for token in each.tokens[each.first :]] == tokens[50:]


def test_passages_that_tell_nothing_have_features_of_zero(folder: Path) -> None:
    features = opened(folder).features
    found = features([Passage([]), Passage([0]), Passage([0, 5])])
    assert not found[:2].any()
    assert found[2].any()
    assert features([]).shape == (0, found.shape[1])


def test_too_few_dimensions_are_refused(folder: Path) -> None:
    with pytest.raises(Mistake, match="3 dimensions are too few for the"):
        opened(folder, dimensions=3)
    with pytest.raises(Mistake, match="the features have 0 dimensions"):
        opened(folder, dimensions=0, projection="dense")


def test_a_weight_of_another_sort_is_named() -> None:
    network = llama(True)
    network.model.layers[1].odd = torch.nn.Conv1d(2, 2, 3)
    with pytest.raises(Mistake, match=r"'model\.layers\.1\.odd', a Conv1d"):
        Factored(network, 400, "0")


def test_a_module_that_does_more_with_its_weight_is_named() -> None:
    config = transformers.GemmaConfig(
        vocab_size=VOCAB, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, head_dim=8
    )
    with pytest.raises(Mistake, match=r"'model\.embed_tokens', a Gemma"):
        Factored(transformers.GemmaForCausalLM(config), 400, "0")


def test_models_have_projections_of_their_own(folder: Path, tiny_llama: Path) -> None:
    config = FeatureConfig()
    assert projection_seed(str(folder), config) != projection_seed(str(tiny_llama), config)


@pytest.mark.parametrize("output", ["margin", "loss"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
def test_the_gradient_by_the_logits_is_autograds_and_finite(output: Any, scale: float) -> None:
    torch.manual_seed(0)
    logits = (scale * torch.randn(2, 3, 7)).requires_grad_()
    targets, weights = torch.randint(7, (2, 3)), torch.rand(2, 3)
    found = output_gradient(output, logits.detach(), targets, weights)
    assert torch.isfinite(found).all()
    at = targets.unsqueeze(-1)
    log_p = logits.double().log_softmax(-1).gather(-1, at)
    others = logits.double().scatter(-1, at, -torch.inf).logsumexp(-1, keepdim=True)
    value = logits.double().gather(-1, at) - others if output == "margin" else -log_p
    (value.squeeze(-1) * weights).sum().backward()
    torch.testing.assert_close(found, logits.grad, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(40, 300), (300, 40), (170, 170)])
def test_inner_products_are_kept_on_average_whatever_the_shape(shape: tuple[int, int]) -> None:
    rows, columns = shape
    draw = np.random.default_rng(2)
    one, other = (torch.from_numpy(draw.normal(size=shape)).float() for _ in range(2))
    other = other + 0.5 * one
    true = float((one * other).sum())
    found = []
    for seed in range(400):
        left, right = projection(rows, 8, str(seed), "rows"), projection(columns, 8, str(seed), "columns")
        found.append(float(((left.T @ one @ right) * (left.T @ other @ right)).sum()))
    assert np.mean(found) == pytest.approx(true, abs=4 * np.std(found) / 20)


def test_a_projection_is_a_pure_function_of_seed_and_name() -> None:
    assert torch.equal(projection(50, 7, "1", "a"), projection(50, 7, "1", "a"))
    assert not torch.equal(projection(50, 7, "1", "a"), projection(50, 7, "2", "a"))
    assert not torch.equal(projection(50, 7, "1", "a"), projection(50, 7, "1", "b"))
    assert torch.equal(projection(5, 7, "1", "a"), torch.eye(5))
