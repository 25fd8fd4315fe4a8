"""Arithmetic coding of whole documents, asking a byte model for every byte."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from pipelines.byte_model import BEGIN, ByteModel, NextByte
from pipelines.codec import Codec, Coder, TokenArrays, Tokens, as_bytes
from pipelines.component import PLACEMENT, Workers
from pipelines.contracts import Resources
from pipelines.entropy.packing import Vocab, from_tokens, to_tokens
from pipelines.entropy.readings import Reading

if TYPE_CHECKING:
    import ray.data

    from pipelines.entropy.range_coder import Decoder

MODEL_FOLDER = "model/"


class Ac(Codec):
    """A document is one number, coded by `model` from the document's beginning (arXiv 2404.03626, AC).

    Its bits are cut into tokens of 8 or 16 (`vocab`), an odd stream filled up with a zero byte; the number says itself
    where the text ends, and an empty text has no tokens. Nothing is shorter under this model, and little is left in the
    tokens that another model could learn. Encoding and decoding ask the model, `batch` documents side by side.
    """

    vocab: Vocab = 65536
    model: ByteModel = Field(default_factory=lambda: ByteModel.model_validate("order_k"))
    batch: Annotated[int, PLACEMENT] = Field(default=64, ge=1)
    workers: Workers = Field(default=0, ge=0)
    gpus: Annotated[float, PLACEMENT] = Field(default=0.0, ge=0)

    @property
    def asks_model(self) -> bool:
        """For every byte."""
        return True

    @property
    def resources(self) -> Resources:
        """`gpus` of one worker, and `workers` that keep the model, or 0 for tasks that open it."""
        return Resources(gpus=self.gpus, workers=self.workers)

    def check(self) -> None:
        """What is wrong with the model."""
        self.model.check()

    def train(self, rows: "ray.data.Dataset", seed: int) -> dict[str, bytes]:
        """The files of a model that learned from a sample of the columns id and text, under `model/`."""
        return in_model_folder(self.model.train(rows, seed))

    def open(self, files: dict[str, bytes]) -> Coder:
        """The coder; ValueError where the files are not those of this codec's model, cut off or edited."""
        return _AcCoder(opened_model(self.model, files, "ac"), self.vocab, self.batch)


def in_model_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """A byte model's files as files of the codec that asks it."""
    return {MODEL_FOLDER + name: content for name, content in files.items()}


def opened_model(model: ByteModel, files: dict[str, bytes], codec: str) -> NextByte:
    """The model of files that are all `in_model_folder`; ValueError where there are none, or others."""
    if not files or not all(name.startswith(MODEL_FOLDER) for name in files):
        raise ValueError(
            f"codec '{codec}' needs the files of its byte model under {MODEL_FOLDER}, given {sorted(files)}; train the "
            "codec first"
        )
    return model.open({name.removeprefix(MODEL_FOLDER): content for name, content in files.items()})


class _AcCoder(Coder):
    window = 0

    def __init__(self, model: NextByte, vocab: Vocab, batch: int) -> None:
        self._model, self._vocab, self._batch = model, vocab, batch
        self.vocab_size, self.end = vocab + 1, vocab
        self.flops_per_byte = model.flops_per_byte

    def encode(self, texts: Sequence[str | bytes]) -> TokenArrays:
        """One stream a text."""
        from pipelines.entropy.document_reading import document_intervals
        from pipelines.entropy.range_coder import encode

        documents = [as_bytes(text) for text in texts]
        intervals = document_intervals(self._model, documents, self._batch)
        streams = encode(intervals, [len(document) for document in documents])
        return [to_tokens(stream, self._vocab) for stream in streams]

    def decode_bytes(self, tokens: Tokens) -> bytes:
        """The text of a whole stream; ValueError on anything else."""
        return self.decode_many([tokens])[0]

    def decode_many(self, documents: Sequence[Tokens]) -> list[bytes]:
        """`decode_bytes` of each, side by side; a ValueError names the document's number."""
        from pipelines.entropy.range_coder import Decoder
        from pipelines.entropy.readings import read_each

        streams = [from_tokens(tokens, self._vocab) for tokens in documents]
        decoder = Decoder(streams)
        readings = {stream: _decoding(decoder, number) for number, stream in enumerate(streams) if stream}
        texts = read_each(self._model, readings, self._batch) | {b"": b""}
        return [texts[stream] for stream in streams]


def _decoding(decoder: "Decoder", document: int) -> Reading[bytes]:
    """END is the number of BEGIN, and no text has another."""
    text, letter = bytearray(), BEGIN
    while (symbol := decoder.step(document, (yield letter))) != BEGIN:
        text.append(symbol)
        letter = symbol
    return bytes(text)
