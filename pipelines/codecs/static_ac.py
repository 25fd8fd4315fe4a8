"""Arithmetic coding by how often each byte is, whatever stands before it."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from pipelines.codecs.entropy.asking_codec import in_model_folder, opened_model
from pipelines.codecs.entropy.cdf import Int64Array, quantized_cdf
from pipelines.codecs.entropy.packing import Vocab, from_tokens, to_tokens
from pipelines.contracts.byte_model import ByteModel
from pipelines.contracts.codec import Codec, Coder, TokenArrays, Tokens, as_bytes
from pipelines.contracts.rows import TextSample


class StaticAc(Codec):
    """The codec `ac` with the byte model `static`: the same files and tokens (arXiv 2404.03626, StaticAC).

    A byte is as probable in every place, so a document is one compiled loop, and every regularity of the text but the
    frequency of its bytes is still in the tokens. The paper's M2 found none of it.
    """

    vocab: Vocab = 65536
    sample_bytes: int = Field(16 << 20, gt=0)

    @property
    def decodes_whole(self) -> bool:
        """True: a document is one number."""
        return True

    @property
    def model(self) -> ByteModel:
        """The byte model `static`, over a sample of the same size."""
        return ByteModel.model_validate({"kind": "static", "sample_bytes": self.sample_bytes})

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """The counts of a sample of the corpus' text, under `model/`."""
        return in_model_folder(self.model.train(sample, seed))

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; Mistake where the counts are missing, cut off or edited."""
        model = opened_model(self.model, files, "static_ac")
        return _StaticAcCoder(quantized_cdf(model.predict([b""]))[0], self.vocab)


class _StaticAcCoder(Coder):
    window = 0

    def __init__(self, cdf: Int64Array, vocab: Vocab) -> None:
        self._cdf, self._vocab = cdf, vocab
        self._intervals = np.stack((cdf[:-1], cdf[1:]), axis=1).astype(np.int32)
        self.vocab_size, self.end = vocab + 1, vocab

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """(texts,) the tokens of one stream for each text; an empty text has no tokens."""
        from pipelines.codecs.entropy.range_coder import encode

        documents = [as_bytes(text) for text in texts]
        data = np.frombuffer(b"".join(documents), np.uint8)
        streams = encode(self._intervals[data], [len(document) for document in documents])
        return [to_tokens(stream, self._vocab) for stream in streams]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The text of a whole stream; Mistake where the tokens are not exactly what some text is encoded to."""
        return self.decode_many([tokens])[0]

    def decode_many(self, documents: Sequence[Tokens]) -> list[bytes]:
        """`decode_bytes` of each; a Mistake names the document's number."""
        from pipelines.codecs.entropy.range_coder import Decoder

        streams = [from_tokens(tokens, self._vocab) for tokens in documents]
        decoder = Decoder(streams)
        return [decoder.rest(number, self._cdf) if stream else b"" for number, stream in enumerate(streams)]
