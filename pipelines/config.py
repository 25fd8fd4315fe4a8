"""DataConfig: the `data` section of a run: a source, ordered steps, a codec and how to pack."""

import re
from typing import Any, Literal

from pydantic import Field, field_validator

from pipelines.contracts.codec import Codec
from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Verify
from pipelines.contracts.source import Source
from pipelines.contracts.step import Step

RESERVED = {"source", "quota", "encode", "pack", "train", "evaluate", "study"}  # stages of every run have these names


class PackConfig(Spec):
    """How documents become sequences; `by` is the column of difficulty, a score step's name, `easy` its easy end."""

    length: int = Field(default=512, gt=1)
    by: str | None = None
    easy: Literal["low", "high"] = "low"
    buckets: int = Field(default=20, ge=1, le=256)


class DataConfig(Spec):
    """Where the text comes from and what is done to it before training, in order.

    The name of a step is its address in overrides (`data.steps.easy.engine.kind=lexical`) and in reports, and of a
    `score` step the column that it adds. `verify` says how much of the encoded text is decoded again.
    With a `seed` of its own the data is the same under every seed of the run.
    """

    source: Source
    steps: dict[str, Step] = {}
    codec: Codec = Field(default_factory=lambda: Codec.model_validate("bpe"))
    verify: Verify = "sample"
    pack: PackConfig = PackConfig()
    max_bad_share: float = Field(default=0.01, ge=0.0, le=1.0)
    seed: int | None = Field(default=None, ge=0)

    def seed_of(self, run_seed: int) -> int:
        """The seed of what is drawn from the data."""
        return run_seed if self.seed is None else self.seed

    @field_validator("steps", mode="before")
    @classmethod
    def _name_columns(cls, steps: Any) -> Any:
        if not isinstance(steps, dict):
            return steps
        for name in steps:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", str(name)) or name in RESERVED:
                raise Mistake(
                    f"'{name}' cannot name a step; choose small letters, digits and '_', and none of {sorted(RESERVED)}"
                )
        return {name: _named(name, step) for name, step in steps.items() if step is not None}


def _named(name: str, step: Any) -> Any:
    if isinstance(step, dict) and step.get("kind") == "score":
        return {"column": name, **step}
    return step
