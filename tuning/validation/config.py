"""ValidationConfig: the section `validation` of a run: how its scores are put to the test."""

from typing import Any, ClassVar

from pydantic import Field, field_validator

from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.inference.model_check import check_model
from pipelines.inference.model_files import ModelName
from pipelines.inference.workers import ModelWorkers
from training.recipe import Recipe
from tuning.validation.candidates import scores
from tuning.validation.targets import target_names


class ProbeConfig(Spec):
    """One step of training on each of some groups: the documents in the order of a score, in `groups` of equal number.

    The step goes down the gradient of the group's mean loss, by `step` times the length of all weights.
    """

    groups: int = Field(default=16, ge=4)
    step: float = Field(default=1e-3, gt=0)


class RetrainConfig(Spec):
    """Small models that are trained on random subsets of the sample, each once for every one of `seeds` seeds.

    `halves` of the subsets are random halves, `cells` of them all documents of a random `share` of `clusters` clusters:
    random halves of a corpus hardly differ, and what two seeds differ by hides it. All models are trained for as many
    `tokens`, in sequences of `length`; those of one seed begin with the same weights.
    """

    halves: int = Field(default=16, ge=0)
    cells: int = Field(default=32, ge=0)
    clusters: int = Field(default=100, ge=2)
    share: float = Field(default=0.1, gt=0, lt=1)
    seeds: int = Field(default=2, ge=2)
    tokens: int = Field(default=100_000, gt=0)
    batch_tokens: int = Field(default=2_048, gt=0)
    length: int = Field(default=128, gt=1)
    learning_rate: float = Field(default=3e-3, gt=0)


class AgreementConfig(Spec):
    """What else a datamodel is made with, of the same sample: each of the `dampings`, and `models` beside its proxies.

    A model as large as the one that is to be trained says whether the small proxies speak for it.
    """

    dampings: list[float] = [0.01, 0.1, 1.0]
    models: list[ModelName] = []

    @field_validator("dampings")
    @classmethod
    def _can_be_added(cls, dampings: list[float]) -> list[float]:
        if not all(damping >= 1e-6 for damping in dampings):
            raise Mistake(f"dampings {dampings} has one below 1e-6; a Gram matrix may be singular without")
        return dampings


class ValidationConfig(ModelWorkers):
    """Which candidates are drawn, which model is asked, and what it and small models are asked.

    `model` is the one that a probe takes a step from; small models have its shape and read its tokens. `documents` are
    drawn of those that come to the first step `score`. About `target_bytes` are read of each held-out text: of
    `evaluation.held_out`, all of which is to be told, and of each of `evaluation.tasks`, whose right continuations are
    to be told. A part that is null is left out.
    """

    model: ModelName
    documents: int = Field(default=4_000, ge=100)
    target_bytes: int = Field(default=65_536, gt=0)
    probe: ProbeConfig | None = ProbeConfig()
    retrain: RetrainConfig | None = RetrainConfig()
    agreement: AgreementConfig | None = AgreementConfig()

    def check(self) -> None:
        """Raises Mistake with the cure for what is wrong with the models, before any work starts."""
        for model in (self.model, *(self.agreement.models if self.agreement else [])):
            check_model(model, None)


class ValidatedRecipe(Recipe):
    """A recipe and how its scores are validated; its needed models are also those that this refers to."""

    referring: ClassVar[tuple[str, ...]] = (*Recipe.referring, "validation")

    validation: ValidationConfig

    def check(self) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""
        super().check()
        scores(self.data)
        target_names(self.evaluation)
        self.validation.check()


def validated_recipe(config: Recipe, validation: ValidationConfig) -> ValidatedRecipe:
    """The recipe with its validation."""
    parts: dict[str, Any] = {name: getattr(config, name) for name in Recipe.model_fields}
    return ValidatedRecipe(**parts, validation=validation)
