"""Equal-Info Windows: every token is a window of bits that holds about the same information."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from pipelines.byte_model import ByteModel, files_hash
from pipelines.codec import Codec, Coder, TokenArrays, Tokens, as_bytes
from pipelines.entropy.codebook import Codebook, load, save
from pipelines.entropy.equal_windows import Rule, equal_windows
from pipelines.entropy.packing import Vocab, from_tokens, to_tokens
from pipelines.recipe import parameters

if TYPE_CHECKING:
    import ray.data


class EqualInfo(Codec):
    """Windows of `bits` bits, arithmetic-coded by `model` from an empty context (arXiv 2404.03626, section 3.3).

    `vocab` is 65536 for a token a window, 256 for two. `rule: greedy` is the paper's: the most bytes that fit, filled
    up with zero bits. It is not uniquely decodable: the decoder cannot see that the encoder stopped at a byte that did
    not fit, where another would have gone on in the same bits. 33 % of the windows of two books and 20 % of those of
    a mixed corpus were read as too much (`tests/benchmarks/codecs.py`). `rule: delay` puts the fewest bytes with the
    same bits into a window, and loses nothing. A document's tokens are whole windows, and the last one stands for its
    own string like any other, so no length is needed.

    The codebook of all windows is compiled once by `train`; neither encoding nor decoding asks the model.
    """

    bits: Literal[16] = 16
    vocab: Vocab = 65536
    rule: Rule = "delay"
    model: ByteModel = Field(default_factory=lambda: ByteModel.model_validate("order_k"))

    @property
    def lossless(self) -> bool:
        """Not under `greedy`."""
        return self.rule == "delay"

    def train(self, rows: "ray.data.Dataset", seed: int) -> dict[str, bytes]:
        """`codebook`, compiled from a model that learns from a sample of the columns id and text."""
        files = self.model.train(rows, seed)
        codebook = equal_windows(self.model.open(files).predict, self.bits, self.rule)
        return save(codebook, self._facts(), files_hash(files))

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; ValueError where the codebook is missing, not whole, or compiled for other parameters."""
        return _EqualInfoCoder(load(files, self._facts(), "equal_info"), self.vocab)

    def _facts(self) -> dict[str, Any]:
        return {"strings": "equal_windows", "bits": self.bits, "rule": self.rule, "model": parameters(self.model)}


class _EqualInfoCoder(Coder):
    def __init__(self, codebook: Codebook, vocab: Vocab) -> None:
        from pipelines.entropy.walker import Walker

        self._walker = Walker(codebook)
        self._vocab = vocab
        self.vocab_size, self.end = vocab + 1, vocab

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """One token a window, or two with the high byte first."""
        windows = self._walker.encode([as_bytes(text) for text in texts])
        return windows if self._vocab == 65536 else [to_tokens(each.astype(">u2").tobytes(), 256) for each in windows]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The text of whole windows; ValueError on half a window and on a window that no text has."""
        if self._vocab == 65536:
            return self._walker.decode(tokens)
        stream = from_tokens(tokens, 256)
        if len(stream) % 2:
            raise ValueError(f"{len(stream)} tokens are no whole windows of two; the last window was cut in half")
        return self._walker.decode(np.frombuffer(stream, ">u2"))
