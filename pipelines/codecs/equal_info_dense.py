"""Equal information without waste: the most probable strings under a byte model, one token each."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from pipelines.codecs.entropy.codebook import Codebook, load, save
from pipelines.codecs.entropy.dense_dictionary import dense_dictionary
from pipelines.contracts.byte_model import ByteModel, files_hash
from pipelines.contracts.codec import Codec, Coder, TokenArrays, Tokens, as_bytes
from pipelines.contracts.rows import TextSample
from pipelines.store.address import parameters

MOST_ENTRIES = 2**16 - 1  # with the end of a document a token is a 16-bit number


class EqualInfoDense(Codec):
    """The `entries` strings that `model` finds most probable from an empty context, parsed by longest match.

    Like a window of `equal_info` a token holds about log2(entries) bits of information, but every number is used. All
    256 bytes are tokens and tokens are strings, so nothing is lost, whatever the bytes. The end token is the last.
    """

    entries: int = Field(MOST_ENTRIES, ge=256, le=MOST_ENTRIES)
    model: ByteModel = Field(default_factory=lambda: ByteModel.model_validate("order_k"))

    def check(self) -> None:
        """Raises Mistake with the cure for what is wrong with the byte model, before any work starts."""
        self.model.check()

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """`codebook`, compiled from a model that learns from a sample of the corpus' text."""
        files = self.model.train(sample, seed)
        codebook = dense_dictionary(self.model.open(files).predict, self.entries)
        return save(codebook, self._facts(), files_hash(files))

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; Mistake where the codebook is missing, not whole, or compiled for other parameters."""
        codebook = load(files, self._facts(), "equal_info_dense")
        codebook.check_lossless()
        return _DenseCoder(codebook, self.entries)

    def _facts(self) -> dict[str, Any]:
        return {"strings": "dense_dictionary", "entries": self.entries, "model": parameters(self.model)}


class _DenseCoder(Coder):
    def __init__(self, codebook: Codebook, entries: int) -> None:
        from pipelines.codecs.entropy.walker import Walker

        self._walker = Walker(codebook)
        self.vocab_size, self.end = entries + 1, entries

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """One token for each longest string of the dictionary."""
        return self._walker.encode([as_bytes(text) for text in texts])

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The strings one after the other; Mistake on the end token."""
        return self._walker.decode(tokens)
