"""AskingCodec: what codecs have in common that ask a byte model for what they encode and decode."""

from typing import Annotated

from pydantic import Field

from pipelines.contracts.byte_model import ByteModel, NextByte
from pipelines.contracts.codec import Codec
from pipelines.contracts.component import PLACEMENT, Workers
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Resources

MODEL_FOLDER = "model/"


class AskingCodec(Codec):
    """A codec that asks `model`, `batch` documents side by side, in `workers` that keep it, each with `gpus`."""

    model: ByteModel = Field(default_factory=lambda: ByteModel.model_validate("order_k"))
    batch: Annotated[int, PLACEMENT] = Field(default=64, ge=1)
    workers: Workers = Field(default=0, ge=0)
    gpus: Annotated[float, PLACEMENT] = Field(default=0.0, ge=0)

    @property
    def asks_model(self) -> bool:
        """True: encoding asks the model for every byte. A codec that compiles its model away says otherwise."""
        return True

    @property
    def resources(self) -> Resources:
        """What one encoding worker takes: `gpus`; `workers` keep the model in a pool, with 0 every task opens it."""
        return Resources(gpus=self.gpus, workers=self.workers)

    def check(self) -> None:
        """Raises Mistake with the cure for what is wrong with the byte model, before any work starts."""
        self.model.check()


def in_model_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """A byte model's files as files of the codec that asks it."""
    return {MODEL_FOLDER + name: content for name, content in files.items()}


def opened_model(model: ByteModel, files: dict[str, bytes], codec: str) -> NextByte:
    """The byte model of these files; Mistake where there is none, or one that is not `in_model_folder`."""
    if not files or not all(name.startswith(MODEL_FOLDER) for name in files):
        raise Mistake(
            f"codec '{codec}' needs the files of its byte model under {MODEL_FOLDER}, given {sorted(files)}; train the "
            "codec first"
        )
    return model.open({name.removeprefix(MODEL_FOLDER): content for name, content in files.items()})
