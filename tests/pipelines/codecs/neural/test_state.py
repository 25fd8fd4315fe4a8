"""The reader in whole numbers: exact whatever runs beside it, and the float network to a few thousandths."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.codecs.neural.shape import distance_buckets
from pipelines.codecs.neural.state import EPSILON, ExactNetwork, Rows, root
from pipelines.codecs.neural.weights import Layer, Weights, rounded_weights, sealed_model
from pipelines.contracts.byte_model import BEGIN

TEXT = np.frombuffer(b"The cat sat on the mat, and \xff so on for a while.", np.uint8)


@pytest.fixture(scope="module")
def weights(byte_transformer: Path) -> Weights:
    return rounded_weights(sealed_model(byte_transformer))


@pytest.fixture(scope="module")
def network(weights: Weights) -> ExactNetwork:
    return ExactNetwork(weights)


def read_all(network: ExactNetwork, texts: list[np.ndarray]) -> list[np.ndarray]:
    """What stands behind every byte of texts of equal length, and behind none."""
    reader = Rows(network, len(texts))
    steps = [np.full(len(texts), BEGIN), *np.array(texts).T]
    return list(np.stack([reader.step(letters) for letters in steps], axis=1))


def float_weights(weights: Weights, text: np.ndarray) -> np.ndarray:
    """(256,) logits behind a text, by the plain formulas over the whole of it."""
    shape = weights.shape
    hidden = weights.embedding[[BEGIN, *text.tolist()]]
    distances = np.arange(len(hidden))[:, None] - np.arange(len(hidden))
    buckets = distance_buckets(len(hidden))[np.maximum(distances, 0)]
    seen = (distances >= 0) & ((distances < shape.context - 1) | (np.arange(len(hidden)) == 0))
    for layer in weights.layers:
        qkv = norm(hidden) @ layer.qkv
        query, key, value = (
            each.reshape(len(hidden), shape.heads, -1).transpose(1, 0, 2) for each in np.split(qkv, 3, axis=1)
        )
        scores = np.where(seen, query @ key.transpose(0, 2, 1) + layer.bias[:, buckets], -np.inf)
        read = softmax(scores) @ value
        hidden = hidden + read.transpose(1, 0, 2).reshape(len(hidden), -1) @ layer.attended
        gate, up = np.split(norm(hidden) @ layer.gate_up, 2, axis=1)
        hidden = hidden + (np.maximum(gate, 0) * up) @ layer.down
    return (norm(hidden) @ weights.output)[-1]


def norm(values: np.ndarray) -> np.ndarray:
    return values / np.sqrt((values**2).mean(-1, keepdims=True) + EPSILON)


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize("length", [0, 1, 5, 14, 15, 16, 40])
def test_it_is_the_float_network_to_a_few_thousandths(weights: Weights, network: ExactNetwork, length: int) -> None:
    exact = read_all(network, [TEXT[:length]])[0][-1]
    np.testing.assert_allclose(
        exact / exact.sum(), softmax(float_weights(weights, TEXT[:length])), rtol=0.03, atol=1e-5
    )


def test_whole_numbers_above_zero_come_out(network: ExactNetwork) -> None:
    weights = read_all(network, [TEXT])[0]
    assert (weights == np.floor(weights)).all()
    assert weights.min() > 0


def test_company_and_threads_change_nothing(network: ExactNetwork) -> None:
    texts = [np.roll(TEXT, shift) for shift in range(37)]
    together = read_all(network, texts)
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if threads > 1 else 2)
    alone = [read_all(network, [text])[0] for text in texts[::9]]
    torch.set_num_threads(threads)
    assert all((one == many).all() for one, many in zip(alone, together[::9], strict=True))


def test_the_order_of_additions_changes_nothing(weights: Weights, network: ExactNetwork) -> None:
    """Exactness itself: with all units of the network shuffled, other sums are taken in another order."""
    shape, order = weights.shape, np.random.default_rng(1)
    hidden, wide = order.permutation(shape.hidden), order.permutation(shape.feed_forward)
    layers = [
        Layer(
            layer.qkv[hidden],
            layer.bias,
            layer.attended[:, hidden],
            np.concatenate([half[:, wide] for half in np.split(layer.gate_up[hidden], 2, axis=1)], axis=1),
            layer.down[wide][:, hidden],
        )
        for layer in weights.layers
    ]
    shuffled = ExactNetwork(Weights(shape, weights.embedding[:, hidden], layers, weights.output[hidden]))
    assert (read_all(shuffled, [TEXT])[0] == read_all(network, [TEXT])[0]).all()


def test_roots_and_quotients_are_rounded_once(network: ExactNetwork) -> None:
    values = np.random.default_rng(0).random((100_000, 1)) * 4096
    numbers, size = values.ravel().tolist(), network.shape.hidden
    assert root(torch.from_numpy(values)).ravel().tolist() == [math.sqrt(number) for number in numbers]
    assert (torch.from_numpy(values) / network.size).ravel().tolist() == [number / size for number in numbers]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_changes_nothing(weights: Weights) -> None:
    texts = [np.roll(TEXT, shift) for shift in range(37)]
    on_gpu, on_cpu = (read_all(ExactNetwork(weights, device), texts) for device in ("cuda", "cpu"))
    assert all((one == other).all() for one, other in zip(on_gpu, on_cpu, strict=True))


def test_weights_beyond_all_measure_are_cut_so_that_sums_stay_exact(byte_transformer: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    arrays = load_file(byte_transformer / "model.safetensors")
    save_file(arrays | {"embedding.weight": arrays["embedding.weight"] * 1e6}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_bytes((byte_transformer / "config.json").read_bytes())
    embedding = rounded_weights(sealed_model(tmp_path)).embedding
    scaled = embedding * 2**12
    assert np.abs(scaled).max() <= 2**20
    assert [int((row**2).sum()) for row in scaled] == [sum(int(each) ** 2 for each in row) for row in scaled]


def test_a_text_that_begins_later_reads_the_same(network: ExactNetwork) -> None:
    reader = Rows(network, 2)
    reader.step(np.array([BEGIN, BEGIN]))
    for letter in TEXT[:20]:
        reader.step(np.array([letter, 7]))
    rows = [
        reader.step(np.array([letter, BEGIN if place == 0 else TEXT[place - 1]]))
        for place, letter in enumerate(TEXT[20:])
    ]
    whole = read_all(network, [TEXT])[0]
    assert all((row[0] == whole[21 + place]).all() for place, row in enumerate(rows))
    assert all((row[1] == whole[place]).all() for place, row in enumerate(rows))


def test_rows_that_are_kept_read_on(network: ExactNetwork) -> None:
    texts = [np.roll(TEXT, shift) for shift in range(5)]
    whole, rows = read_all(network, texts), Rows(network, 5)
    for letters in [np.full(5, BEGIN), *np.array(texts).T[:20]]:
        rows.step(letters)
    rows.keep(np.array([3, 1]))
    later = [rows.step(letters) for letters in np.array([texts[3], texts[1]]).T[20:]]
    for place, weights in enumerate(later):
        assert (weights == [whole[3][21 + place], whole[1][21 + place]]).all()


def test_a_text_that_was_not_begun_is_refused(network: ExactNetwork) -> None:
    with pytest.raises(ValueError, match="begun with BEGIN"):
        Rows(network, 2).step(np.array([BEGIN, 65]))


def test_sums_that_could_be_inexact_are_refused(weights: Weights) -> None:
    with pytest.raises(ValueError, match="at most 4096"):
        ExactNetwork(weights._replace(shape=weights.shape._replace(context=8192)))


def test_golden_numbers_of_this_version(network: ExactNetwork) -> None:
    """Other numbers make every text compressed with a Transformer unreadable: raise its version with them."""
    row = read_all(network, [TEXT[:18]])[0][-1]
    assert row[[32, 101, 255]].astype(int).tolist() == [653069, 734266, 2728128]
