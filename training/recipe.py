"""Recipe: everything that the result of a run depends on; what a run, a trial and an arm all are."""

from typing import Any, Self

from pydantic import (
    Field,
    model_validator,
)

from pipelines.check import check_data, within
from pipelines.config import DataConfig
from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.source import Source
from training.config import TrainingConfig
from training.measures.compression import StudyConfig
from training.references import check_references, references


class EvaluationConfig(Spec):
    """What the model is measured on: never part of the training pool. `curve_bytes` of it are read during training.

    With a `study` the tokens themselves are measured too (`training.measures.compression`).
    """

    held_out: Source
    curve_bytes: int = Field(default=65_536, gt=0)
    study: StudyConfig | None = None


class ModelRecipe(Spec):
    """What makes a model: its data, its training, and the seed of both; a model that data needs has nothing else."""

    seed: int = Field(default=0, ge=0)
    data: DataConfig
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _has_one_seed(self) -> Self:
        if self.training.seed not in (0, self.seed):
            raise Mistake(
                f"training.seed {self.training.seed} is not {self.seed}; set `seed` beside it, training takes it over"
            )
        return self

    @model_validator(mode="after")
    def _reads_these_tokens(self) -> Self:
        self.training.model.check_codec(self.data.codec)
        return self


class Recipe(ModelRecipe):
    """Everything that the result of a run depends on.

    `models` that are needed are trained first, in order, each with a seed of its own; a component of `data` refers to
    one as `model: "@name"`.
    """

    models: dict[str, ModelRecipe] = {}
    evaluation: EvaluationConfig

    @model_validator(mode="after")
    def _knows_its_models(self) -> Self:
        before: list[str] = []
        for name, each in self.models.items():
            check_references(f"models.{name}", each.data, before)
            before.append(name)
        check_references("data", self.data, before)
        return self

    @property
    def needed_models(self) -> list[str]:
        """The names of the models to train, in order: those that `data` refers to, and those that these refer to."""
        needed = set(references(self.data.model_dump()))
        for name in reversed(self.models):
            if name in needed:
                needed |= set(references(self.models[name].data.model_dump()))
        return [name for name in self.models if name in needed]

    def check(self) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""
        for name, each in self.models.items():
            check_data(each.data, f"models.{name}.data")
            each.training.batch_sequences(each.data.pack.length)
        check_data(self.data)
        with within("evaluation.held_out"):
            self.evaluation.held_out.check()
        self.training.batch_sequences(self.data.pack.length)


def set_path(tree: dict[str, Any], path: str, value: Any) -> None:
    """Sets the value at a dotted path in place, making the sections on the way; Mistake where one is no section."""
    *sections, key = path.split(".")
    for place, section in enumerate(sections, 1):
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            whole = ".".join(sections[:place])
            raise Mistake(f"path '{path}' goes through '{section}', which is no section; set '{whole}' whole")
    tree[key] = value
