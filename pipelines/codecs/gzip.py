"""The codec that compresses without a model: every document is a zlib stream of its own."""

import zlib
from collections.abc import Sequence

from pipelines.codecs.entropy.packing import Vocab, from_tokens, to_tokens
from pipelines.contracts.codec import Codec, Coder, TokenArrays, Tokens, as_bytes
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TextSample


class Gzip(Codec):
    """Deflate at zlib's default level with header and checksum (arXiv 2404.03626, GZip), in tokens of 8 or 16 bits.

    An odd stream is filled up with a zero byte: a stream says itself where it ends. Builds of zlib may compress a text
    to different tokens; every build decodes all of them.
    """

    vocab: Vocab = 256

    @property
    def decodes_whole(self) -> bool:
        """True: a document is one stream."""
        return True

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """No files: there is nothing to learn, and `sample` is not called."""
        return {}

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; Mistake where files are given, since they belong to another codec."""
        if files:
            raise Mistake(f"codec 'gzip' has no files, given {sorted(files)}; open them with the codec that wrote them")
        return _GzipCoder(self.vocab)


class _GzipCoder(Coder):
    window = 0

    def __init__(self, vocab: Vocab) -> None:
        self._vocab = vocab
        self.vocab_size, self.end = vocab + 1, vocab

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """One stream a text; an empty text has no tokens."""
        return [to_tokens(zlib.compress(as_bytes(text)) if text else b"", self._vocab) for text in texts]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The text of a whole stream; Mistake where the tokens are not one zlib stream with a right checksum."""
        stream = from_tokens(tokens, self._vocab)
        if not stream:
            return b""
        unpacker = zlib.decompressobj()
        try:
            text = unpacker.decompress(stream)
        except zlib.error as error:
            raise Mistake(f"these tokens are no zlib stream of one document: {error}") from error
        if not unpacker.eof or unpacker.unused_data not in (b"", b"\0"):
            raise Mistake("these tokens are not one whole zlib stream; cut the documents apart at the end token first")
        return text
