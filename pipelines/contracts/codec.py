"""Codec: the contract of everything that turns text into tokens and back."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pipelines.contracts.component import Component
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Resources, TextSample

TokenArrays = list[npt.NDArray[np.uint32]]
Tokens = Sequence[int] | npt.NDArray[np.integer]


class Coder:
    """A trained codec. `vocab_size` counts all tokens; `end` closes a document and is in no encoded text.

    Where the codec is `lossless`, `decode_bytes(encode([text])[0])` is the text, a str counting as its UTF-8.
    `flops_per_byte` is what a model spends on a byte that is encoded, 0 where none is asked. Each byte counts once:
    bytes that a window had no room for are read again (4 % of them with 128 bits, 23 % with 24), those that a trie
    remembers are not, and compiling a codebook is not counted.
    `window` tokens mean the same wherever they stand, so they are decoded alone; 0 where only a whole document is.
    """

    vocab_size: int
    end: int
    flops_per_byte: float = 0.0
    window: int = 1

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """One array of tokens a text, without the end token."""
        raise NotImplementedError

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The bytes of one document's tokens; Mistake on the end token and on what no text is encoded to."""
        raise NotImplementedError

    def decode_many(self, documents: Sequence[Tokens]) -> list[bytes]:
        """`decode_bytes` of each; a coder that asks a model while it decodes asks it for all of them at once."""
        return [self.decode_bytes(tokens) for tokens in documents]

    def decode_stream(self, tokens: Iterable[int]) -> Iterator[bytes]:
        """`decode_bytes` in pieces, each as soon as the tokens of its window are there.

        Mistake names the first window that stands for no text, counted from 0, and its tokens.
        """
        if not self.window:
            yield self.decode_bytes(list(tokens))
            return
        coming = iter(tokens)
        windows = iter(lambda: list(itertools.islice(coming, self.window)), [])
        for number, window in enumerate(windows):
            try:
                text = self.decode_bytes(window)
            except Mistake as error:
                raise Mistake(
                    f"window {number} is {window}, which stands for no text; a model that writes such windows was "
                    "trained too little, or is sampled too freely: lower the temperature, or set top-k"
                ) from error
            yield text

    def places(self, tokens: Tokens) -> npt.NDArray[np.uint32]:
        """(n,) the kind of place of each token, which accuracy is told apart by; here its place in its window."""
        return np.arange(len(tokens), dtype=np.uint32) % max(1, self.window)

    def decode(self, tokens: Tokens) -> str:
        """`decode_bytes` read as UTF-8; a character cut in two becomes U+FFFD."""
        return self.decode_bytes(tokens).decode("utf-8", "replace")


def as_bytes(text: str | bytes) -> bytes:
    """The UTF-8 of a str; bytes as they are."""
    return text.encode("utf-8") if isinstance(text, str) else text


class Codec(Component):
    """A way to turn text into tokens and back: its parameters; `train` learns the rest, `open` gives the coder."""

    family: ClassVar[str] = "pipelines.codecs"

    @property
    def lossless(self) -> bool:
        """Whether every text that the coder takes is decoded as it was; a codec that is not says why."""
        return True

    @property
    def asks_model(self) -> bool:
        """Whether encoding asks a model for what it reads; the work is then done by row group, and takes time."""
        return False

    @property
    def decodes_whole(self) -> bool:
        """Whether tokens stand for text only as a whole document, `window` being 0: nothing can then follow a text."""
        return False

    @property
    def resources(self) -> Resources:
        """What one encoding worker takes."""
        return Resources()

    def check(self) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """What the codec learned from a sample of the corpus' text, as named files; none for a fixed codec."""
        raise NotImplementedError

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder that those files describe; Mistake where they do not belong to this codec."""
        raise NotImplementedError

    def tokenizer_files(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """The same codec as a Hugging Face tokenizer, to lie beside an exported model; empty where there is none."""
        return {}


def come_back(codec: Codec, coder: Coder, documents: Sequence[Tokens], texts: Sequence[str]) -> list[bool]:
    """(documents,) whether each is decoded to its text; tokens that a lossy codec cannot decode count as not."""
    read = coder.decode_many(documents) if codec.lossless else [_decoded(coder, tokens) for tokens in documents]
    return [data == text.encode() for data, text in zip(read, texts, strict=True)]


def _decoded(coder: Coder, tokens: Tokens) -> bytes | None:
    try:
        return coder.decode_bytes(tokens)
    except Mistake:
        return None
