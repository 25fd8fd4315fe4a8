"""AskingCodec: what codecs have in common that ask a byte model for what they encode and decode."""

from typing import Annotated

from pydantic import Field

from pipelines.contracts.byte_model import ByteModel, NextByte
from pipelines.contracts.codec import Codec
from pipelines.contracts.component import PLACEMENT, Workers
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
        """For every byte, if a codec does not say otherwise."""
        return True

    @property
    def resources(self) -> Resources:
        """`gpus` of one worker, and `workers` that keep the model, or 0 for tasks that open it."""
        return Resources(gpus=self.gpus, workers=self.workers)

    def check(self) -> None:
        """What is wrong with the model."""
        self.model.check()


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
