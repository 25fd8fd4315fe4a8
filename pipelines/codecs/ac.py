"""Arithmetic coding of whole documents, asking a byte model for every byte."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.codecs.entropy.asking_codec import AskingCodec, in_model_folder, opened_model
from pipelines.codecs.entropy.packing import Vocab, from_tokens, to_tokens
from pipelines.codecs.entropy.readings import Reading
from pipelines.contracts.byte_model import BEGIN, NextByte
from pipelines.contracts.codec import Coder, TokenArrays, Tokens, as_bytes
from pipelines.contracts.rows import TextSample

if TYPE_CHECKING:
    from pipelines.codecs.entropy.range_coder import Decoder


class Ac(AskingCodec):
    """A document is one number, coded by `model` from the document's beginning (arXiv 2404.03626, AC).

    Its bits are cut into tokens of 8 or 16 (`vocab`), an odd stream filled up with a zero byte; the number says itself
    where the text ends, and an empty text has no tokens. Nothing is shorter under this model, and little is left in the
    tokens that another model could learn. Encoding and decoding ask the model, `batch` documents side by side.
    """

    vocab: Vocab = 65536

    @property
    def decodes_whole(self) -> bool:
        """True: a document is one number."""
        return True

    def train(self, sample: TextSample, seed: int) -> dict[str, bytes]:
        """The files of a model that learned from a sample of the corpus' text, under `model/`."""
        return in_model_folder(self.model.train(sample, seed))

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; Mistake where the files are not those of this codec's model, cut off or edited."""
        return _AcCoder(opened_model(self.model, files, "ac"), self.vocab, self.batch)


class _AcCoder(Coder):
    window = 0

    def __init__(self, model: NextByte, vocab: Vocab, batch: int) -> None:
        self._model, self._vocab, self._batch = model, vocab, batch
        self.vocab_size, self.end = vocab + 1, vocab
        self.flops_per_byte = model.flops_per_byte

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """(texts,) the tokens of one stream for each text; an empty text has no tokens."""
        from pipelines.codecs.entropy.document_reading import document_intervals
        from pipelines.codecs.entropy.range_coder import encode

        documents = [as_bytes(text) for text in texts]
        intervals = document_intervals(self._model, documents, self._batch)
        streams = encode(intervals, [len(document) for document in documents])
        return [to_tokens(stream, self._vocab) for stream in streams]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The text of a whole stream; Mistake where the tokens are not exactly what some text is encoded to."""
        return self.decode_many([tokens])[0]

    def decode_many(self, documents: Sequence[Tokens]) -> list[bytes]:
        """`decode_bytes` of each, side by side; a Mistake names the document's number."""
        from pipelines.codecs.entropy.range_coder import Decoder
        from pipelines.codecs.entropy.readings import read_each

        streams = [from_tokens(tokens, self._vocab) for tokens in documents]
        decoder = Decoder(streams)
        readings = {stream: _decoding(decoder, number) for number, stream in enumerate(streams) if stream}
        texts = read_each(self._model, readings, self._batch) | {b"": b""}
        return [texts[stream] for stream in streams]


def _decoding(decoder: "Decoder", document: int) -> Reading[bytes]:
    """Gives the model every byte of the document as it is decoded, up to END, and returns them all.

    END has the number of BEGIN, which is no byte, so a text cannot hold it.
    """
    text, letter = bytearray(), BEGIN
    while (symbol := decoder.step(document, (yield letter))) != BEGIN:
        text.append(symbol)
        letter = symbol
    return bytes(text)
