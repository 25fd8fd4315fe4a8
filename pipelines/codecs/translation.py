"""Two codecs side by side: a model of these tokens learns to translate the one into the other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pydantic import Field

from pipelines.codec import Codec, Coder, TokenArrays, Tokens
from pipelines.contracts import Resources

if TYPE_CHECKING:
    import ray.data

ROLES = ("source", "target")


class Translation(Codec):
    """A text as `source` writes it, a separator, and the same text as `target` writes it.

    From `bytes` to a codec that compresses a model learns to compress, the other way round to decompress (arXiv
    2404.03626, on how learnable compression is). The separator is the source's end token; the target's tokens are
    numbered on behind the source's, its end token is that of the document. The target's part alone is decoded, so
    nothing is lost where it loses nothing; then also the source's part has to be that of the decoded text.
    """

    source: Codec = Field(default_factory=lambda: Codec.model_validate("bytes"))
    target: Codec = Field(default_factory=lambda: Codec.model_validate("equal_info"))

    @property
    def lossless(self) -> bool:
        """Where the target is."""
        return self.target.lossless

    @property
    def asks_model(self) -> bool:
        """Where one of the two does."""
        return self.source.asks_model or self.target.asks_model

    @property
    def resources(self) -> Resources:
        """The more of what the two take."""
        both = (self.source.resources, self.target.resources)
        return Resources(gpus=max(each.gpus for each in both), workers=max(each.workers for each in both))

    def check(self) -> None:
        """What is wrong with one of the two."""
        self.source.check()
        self.target.check()

    def train(self, rows: "ray.data.Dataset", seed: int) -> dict[str, bytes]:
        """The files of both codecs, each below its role: `source/...` and `target/...`."""
        trained = {"source": self.source.train(rows, seed), "target": self.target.train(rows, seed)}
        return {f"{role}/{name}": data for role, files in trained.items() for name, data in files.items()}

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; ValueError where files belong to neither role, or not to the codec of theirs."""
        parts: dict[str, dict[str, bytes]] = {role: {} for role in ROLES}
        for name, data in files.items():
            role, _, rest = name.partition("/")
            if role not in parts:
                raise ValueError(
                    f"codec 'translation' has files below source/ and target/, given {sorted(files)}; open them with "
                    "the codec that wrote them"
                )
            parts[role][rest] = data
        return _TranslationCoder(self.source.open(parts["source"]), self.target.open(parts["target"]), self.lossless)


class _TranslationCoder(Coder):
    window = 0

    def __init__(self, source: Coder, target: Coder, lossless: bool) -> None:
        self._source, self._target, self._lossless = source, target, lossless
        self.vocab_size = source.vocab_size + target.vocab_size
        self.end = source.vocab_size + target.end
        self.flops_per_byte = source.flops_per_byte + target.flops_per_byte

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """The source's tokens, the separator, the target's tokens."""
        separator, shift = np.array([self._source.end], np.uint32), np.uint32(self._source.vocab_size)
        pairs = zip(self._source.encode(texts), self._target.encode(texts), strict=True)
        return [np.concatenate([first, separator, second + shift]) for first, second in pairs]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The text of the target's part; ValueError where the parts are not two of one text with a separator."""
        return self.decode_many([tokens])[0]

    def decode_many(self, documents: Sequence[Tokens]) -> list[bytes]:
        """`decode_bytes` of each, all of them at once."""
        halves = [self._halves(np.asarray(tokens, np.int64)) for tokens in documents]
        texts = self._target.decode_many([second for _, second in halves])
        if self._lossless:
            for (first, _), again in zip(halves, self._source.encode(texts), strict=True):
                if not np.array_equal(first, again):
                    raise ValueError(
                        "the tokens before the separator are not of the text that the tokens behind it stand for; "
                        "decode what one text was encoded to"
                    )
        return texts

    def places(self, tokens: Tokens) -> npt.NDArray[np.uint32]:
        """0 for the source's part with the separator, 1 for the target's."""
        return (np.asarray(tokens, np.int64) >= self._source.vocab_size).astype(np.uint32)

    def _halves(self, tokens: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        separators = np.flatnonzero(tokens == self._source.end)
        place = int(separators[0]) if len(separators) == 1 else len(tokens)
        first, second = tokens[:place], tokens[place + 1 :] - self._source.vocab_size
        if len(separators) != 1 or (first >= self._source.vocab_size).any() or (second < 0).any():
            raise ValueError(
                f"a document is the source's tokens, one separator ({self._source.end}) and the target's tokens from "
                f"{self._source.vocab_size} on; cut the documents apart at the end token {self.end} first"
            )
        return first, second
