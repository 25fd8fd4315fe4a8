"""DataConfig: the section `data` of a run: a source, ordered steps, a codec and how to pack."""

import re
from typing import Any, Literal

from pydantic import Field, field_validator

from pipelines.contracts.codec import Codec
from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Verify
from pipelines.contracts.source import Source
from pipelines.contracts.step import Step
from pipelines.steps.encode import Encode
from pipelines.steps.pack import Pack
from pipelines.steps.quota import Quota

# Stages of every run, and of the models that it needs, have these names.
RESERVED = {
    *("source", "quota", "encode", "pack", "train", "evaluate", "tasks", "study"),
    *("gradients", "datamodel", "regression"),
}

COLUMN_STEPS = {"score", "embed", "cluster"}  # whose name is that of the column they add


class PackConfig(Spec):
    """How documents become sequences; `by` is the column of difficulty, a score step's name, `easy` its easy end."""

    length: int = Field(default=512, gt=1)
    by: str | None = None
    easy: Literal["low", "high"] = "low"
    buckets: int = Field(default=20, ge=1, le=256)


class CorpusConfig(Spec):
    """Where the text comes from and what is done to it, in order.

    The name of a step is its address in overrides (`data.steps.easy.engine.kind=lexical`) and in reports, and of a
    `score`, `embed` or `cluster` step the column that it adds. With a `seed` of its own the data is the same under
    every seed of the run.
    """

    source: Source
    steps: dict[str, Step] = {}
    max_bad_share: float = Field(default=0.01, ge=0.0, le=1.0)
    seed: int | None = Field(default=None, ge=0)

    def stages(self) -> dict[str, Step]:
        """What happens to the documents of the source, in order, with the step that brings it to its quotas."""
        return {**thinning(self.source), **self.steps}

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


class DataConfig(CorpusConfig):
    """A corpus and how it becomes sequences to train on; `verify` says how much of the text is decoded again."""

    codec: Codec = Field(default_factory=lambda: Codec.model_validate("bpe"))
    verify: Verify = "sample"
    pack: PackConfig = PackConfig()

    def stages(self) -> dict[str, Step]:
        """The stages of the corpus, then `encode` and `pack`."""
        encode = Encode(codec=self.codec, verify=self.verify)
        return {**super().stages(), "encode": encode, "pack": Pack(**self.pack.model_dump())}


def thinning(source: Source) -> dict[str, Step]:
    """The step that brings the parts of a source to its quotas, where it has some."""
    quotas = source.quotas()
    return {} if quotas is None else {"quota": Quota(quotas=quotas.shares, count=quotas.count)}


def _named(name: str, step: Any) -> Any:
    if isinstance(step, dict) and step.get("kind") in COLUMN_STEPS:
        return {"column": name, **step}
    return step
