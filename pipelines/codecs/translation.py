"""Two codecs side by side: a model of these tokens learns to translate the one into the other."""

from collections.abc import Sequence
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt
from pydantic import Field

from pipelines.contracts.codec import Codec, Coder, TokenArrays, Tokens, as_bytes
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Resources, TextSample

ROLES = ("source", "target")
IntArray = npt.NDArray[np.int64]


class Translation(Codec):
    """A piece of text as `source` writes it, a separator, and the same piece as `target` writes it; then the next one.

    From `bytes` to a codec that compresses a model learns to compress, the other way round to decompress (arXiv
    2404.03626, on how learnable compression is). A model can only translate what it sees: a piece in both codecs has to
    fit into half a sequence. Pieces have at most `piece` bytes, 1,024 as in the paper, and are cut between characters.

    The separator is the source's end token; the target's tokens are numbered on behind the source's, its end token is
    that of the document. The text is that of the target's parts, so nothing is lost where it loses nothing. Where the
    source loses nothing either, its parts have to stand for the same text.
    """

    piece: int = Field(default=1024, ge=4)
    source: Codec = Field(default_factory=lambda: Codec.model_validate("bytes"))
    target: Codec = Field(default_factory=lambda: Codec.model_validate("equal_info"))

    @property
    def lossless(self) -> bool:
        """True where the target codec is lossless, since the text is that of the target's parts."""
        return self.target.lossless

    @property
    def decodes_whole(self) -> bool:
        """True: a piece stands there twice."""
        return True

    @property
    def asks_model(self) -> bool:
        """True where the source codec or the target codec asks a model."""
        return self.source.asks_model or self.target.asks_model

    @property
    def resources(self) -> Resources:
        """What one encoding worker takes: the larger of the GPUs and of the pools of the two codecs."""
        both = (self.source.resources, self.target.resources)
        return Resources(gpus=max(each.gpus for each in both), workers=max(each.workers for each in both))

    def check(self) -> None:
        """Raises Mistake with the cure for what is wrong with the source codec or the target codec."""
        self.source.check()
        self.target.check()

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """The files of both codecs, each below its role: `source/...` and `target/...`."""
        trained = {"source": self.source.train(sample, seed), "target": self.target.train(sample, seed)}
        return {f"{role}/{name}": data for role, files in trained.items() for name, data in files.items()}

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; Mistake where a file is not below source/ or target/, or does not belong to that codec."""
        parts: dict[str, dict[str, bytes]] = {role: {} for role in ROLES}
        for name, data in files.items():
            role, _, rest = name.partition("/")
            if role not in parts:
                raise Mistake(
                    f"codec 'translation' has files below source/ and target/, given {sorted(files)}; open them with "
                    "the codec that wrote them"
                )
            parts[role][rest] = data
        source, target = self.source.open(parts["source"]), self.target.open(parts["target"])
        return _TranslationCoder(source, target, self.piece, self.source.lossless and self.target.lossless)


class _TranslationCoder(Coder):
    window = 0

    def __init__(self, source: Coder, target: Coder, piece: int, comparable: bool) -> None:
        self._source, self._target, self._piece, self._comparable = source, target, piece, comparable
        self.vocab_size = source.vocab_size + target.vocab_size
        self.end = source.vocab_size + target.end
        self.flops_per_byte = source.flops_per_byte + target.flops_per_byte

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """The source's tokens of each piece, a separator, and the target's tokens of that piece, for every text."""
        cut = [pieces_of(as_bytes(text), self._piece) for text in texts]
        pieces = [piece for text in cut for piece in text]
        separator, shift = np.array([self._source.end], np.uint32), np.uint32(self._source.vocab_size)
        pairs = zip(self._source.encode(pieces), self._target.encode(pieces), strict=True)
        coming = (np.concatenate([first, separator, second + shift]) for first, second in pairs)
        return [np.concatenate(list(islice(coming, len(text)))) for text in cut]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The text of the target's parts; Mistake where the parts are not two of each piece of one text."""
        return self.decode_many([tokens])[0]

    def decode_many(self, documents: Sequence[Tokens]) -> list[bytes]:
        """`decode_bytes` of each document; both codecs decode the parts of all documents together."""
        halves = [self._halves(np.asarray(tokens, np.int64)) for tokens in documents]
        pieces = self._target.decode_many([second for parts in halves for _, second in parts])
        coming = iter(pieces)
        texts = [list(islice(coming, len(parts))) for parts in halves]
        if self._comparable:
            sources = self._source.decode_many([first for parts in halves for first, _ in parts])
            if sources != pieces or any(pieces_of(b"".join(text), self._piece) != text for text in texts):
                raise Mistake(
                    "the tokens before a separator are not of the text that the tokens behind it stand for; decode "
                    "what one text was encoded to"
                )
        return [b"".join(text) for text in texts]

    def places(self, tokens: Tokens) -> npt.NDArray[np.uint32]:
        """(n,) 0 for tokens of the source's parts and separators, 1 for tokens of the target's parts."""
        return (np.asarray(tokens, np.int64) >= self._source.vocab_size).astype(np.uint32)

    def _halves(self, tokens: IntArray) -> list[tuple[IntArray, IntArray]]:
        """The source's and the target's tokens of each piece; a piece ends where the next source's tokens begin."""
        of_target = tokens >= self._source.vocab_size
        return [self._two(piece) for piece in np.split(tokens, np.flatnonzero(of_target[:-1] & ~of_target[1:]) + 1)]

    def _two(self, piece: IntArray) -> tuple[IntArray, IntArray]:
        separators = np.flatnonzero(piece == self._source.end)
        place = int(separators[0]) if len(separators) == 1 else len(piece)
        first, second = piece[:place], piece[place + 1 :] - self._source.vocab_size
        if len(separators) != 1 or (first >= self._source.vocab_size).any() or (second < 0).any():
            raise Mistake(
                f"a piece is the source's tokens, one separator ({self._source.end}) and the target's tokens from "
                f"{self._source.vocab_size} on; cut documents apart at the end token {self.end} first"
            )
        return first, second


def pieces_of(text: bytes, size: int) -> list[bytes]:
    """The text in pieces of `size` bytes, up to 3 less where a character would be cut; an empty text is one piece."""
    cuts = [0]
    while len(text) - cuts[-1] > size:
        cut = cuts[-1] + size
        back = next((back for back in range(4) if text[cut - back] & 0xC0 != 0x80), 0)
        cuts.append(cut - back)
    return [text[start:end] for start, end in pairwise([*cuts, len(text)])]
