"""The byte model that is a neural network: a small Transformer that the same run, or another one, has trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.codecs.entropy.cdf import Int64Array, quantized_cdf
from pipelines.codecs.neural.weights import rounded_weights, sealed_model
from pipelines.contracts.byte_model import BEGIN, ByteModel, NextByte, Reader
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray, TextSample
from pipelines.inference.model_check import check_folder
from pipelines.inference.model_files import ModelName, local_folder, model_fingerprint

if TYPE_CHECKING:
    from pipelines.codecs.neural.state import ExactNetwork

FILE = "transformer.weights"
BATCH = 1024  # contexts that are read side by side


class Transformer(ByteModel):
    """A decoder over bytes with relative positions (M1 of arXiv 2404.03626, section 3.1), by `byte_transformer`.

    `model` is an exported folder, or "@name" of the run's section `models`. Its files travel with the codec. It is run
    in exact arithmetic (`pipelines.codecs.neural`): a text gives the same numbers on every machine, on a CPU or GPU,
    and in every batch.
    """

    model: ModelName

    def fingerprint(self) -> dict[str, str]:
        """The address of the model's training, or the hash of its files; Mistake where there is no such folder."""
        return model_fingerprint(self.model)

    def check(self) -> None:
        """Mistake where `model` is neither the folder of an exported model nor one of the run's models."""
        if not self.model.startswith("@"):
            folder = self._folder()
            check_folder(folder)
            sealed_model(folder)

    def _folder(self) -> Path:
        folder = local_folder(self.model)
        if folder is None:
            raise Mistake(
                f"byte model 'transformer' finds no folder '{self.model}'; give that of an exported model, or "
                "'@name' of the section `models`"
            )
        return folder

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """`transformer.weights`, the trained model as it was exported; `sample` is not called."""
        return {FILE: sealed_model(self._folder())}

    def open(self, files: dict[str, bytes]) -> NextByte:
        """The network on this machine's GPU, else its CPU."""
        from pipelines.codecs.neural.state import ExactNetwork

        if FILE not in files:
            raise Mistake(f"byte model 'transformer' needs {FILE}, given {sorted(files)}; train it first")
        return _Network(ExactNetwork(rounded_weights(files[FILE])))


class _Network(NextByte):
    def __init__(self, network: "ExactNetwork") -> None:
        self._network = network
        self.flops_per_byte = 2.0 * network.shape.weights  # without embeddings, as the paper counts

    def predict(self, contexts: Sequence[bytes]) -> FloatArray:
        """(n, 256) probabilities of the byte behind each context; contexts of one length are read side by side."""
        probabilities = np.empty((len(contexts), 256))
        lengths = np.array([len(context) for context in contexts], np.int64)
        for length in np.unique(lengths).tolist():
            alike = np.flatnonzero(lengths == length)
            for places in np.array_split(alike, -(-len(alike) // BATCH)):
                letters = np.frombuffer(b"".join(contexts[place] for place in places), np.uint8)
                probabilities[places] = self._read(letters.reshape(len(places), length))
        return probabilities

    def _read(self, letters_NT: npt.NDArray[np.uint8]) -> FloatArray:
        from pipelines.codecs.neural.state import Rows

        rows = Rows(self._network, len(letters_NT))
        weights = rows.step(np.full(len(letters_NT), BEGIN))
        for letters in letters_NT.T:
            weights = rows.step(letters)
        return _shares(weights)

    def reader(self, rows: int) -> Reader:
        """A reader of `rows` texts that keeps the keys and values of what it has read."""
        return _NetworkReader(self._network, rows)


class _NetworkReader:
    def __init__(self, network: "ExactNetwork", rows: int) -> None:
        from pipelines.codecs.neural.state import Rows

        self._rows = Rows(network, rows)

    def step(self, letters: npt.NDArray[np.integer]) -> Int64Array:
        return quantized_cdf(_shares(self._rows.step(letters)))

    def keep(self, rows: npt.NDArray[np.integer]) -> None:
        self._rows.keep(rows)


def _shares(weights: FloatArray) -> FloatArray:
    """(N, 256) probabilities from (N, 256) whole numbers, whose sum is exact in a 64-bit float."""
    shares: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return shares
