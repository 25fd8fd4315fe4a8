"""Needed: the models that the data of a recipe refers to, each with its stages, its folder, and the way it is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pipelines.build import BuiltData, build_data, build_stages, data_addresses
from pipelines.config import CorpusConfig
from pipelines.datamodel import NAME, DatamodelConfig, build_datamodel, datamodel_addresses, datamodel_files
from pipelines.regression import RegressionConfig, build_regression, regression_address, regression_files
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.recipe import DatamodelEntry, Recipe, RegressionEntry
from training.references import Folders, resolved
from training.stages import model_files, train_model, training_address

TRAIN, REGRESSION = "train", "regression"


@dataclass(frozen=True)
class NeededTraining:
    """A model to train, with no reference left in its recipe."""

    recipe: Recipe

    def addresses(self) -> dict[str, str]:
        """The address of each stage by its name, in order; the model's is the last."""
        stages = data_addresses(self.recipe.data, self.recipe.seed)
        return {**stages, TRAIN: training_address(self.recipe, stages["pack"])}

    def folder(self) -> str:
        """Where the model is inside the store, or will be."""
        return model_files(self.addresses()[TRAIN])

    def make(self, store: Store) -> dict[str, Manifest]:
        """All its stages are in the store; their manifests by name."""
        data: BuiltData = build_data(self.recipe.data, store, self.recipe.seed)
        return {**data.stages, TRAIN: train_model(self.recipe, data, store)}


@dataclass(frozen=True)
class NeededDatamodel:
    """A datamodel to make of the last stage of `data`, with no reference left in its config."""

    seed: int
    data: CorpusConfig
    datamodel: DatamodelConfig

    def addresses(self) -> dict[str, str]:
        """The address of each stage by its name, in order; the datamodel's is the last."""
        stages = data_addresses(self.data, self.seed)
        return {**stages, **datamodel_addresses(self.datamodel, list(stages.values())[-1], self.seed)}

    def folder(self) -> str:
        """Where the datamodel is inside the store, or will be."""
        return datamodel_files(self.addresses()[NAME])

    def make(self, store: Store) -> dict[str, Manifest]:
        """All its stages are in the store; their manifests by name."""
        stages = dict(build_stages(self.data, store, self.seed))
        return {**stages, **build_datamodel(self.datamodel, list(stages.values())[-1], store, self.seed)}


@dataclass(frozen=True)
class NeededRegression:
    """A regression to make of the last stage of `data`, with no reference left in that."""

    seed: int
    data: CorpusConfig
    regression: RegressionConfig

    def addresses(self) -> dict[str, str]:
        """The address of each stage by its name, in order; the regression's is the last."""
        stages = data_addresses(self.data, self.seed)
        return {**stages, REGRESSION: regression_address(self.regression, list(stages.values())[-1], self.seed)}

    def folder(self) -> str:
        """Where the regression is inside the store, or will be."""
        return regression_files(self.addresses()[REGRESSION])

    def make(self, store: Store) -> dict[str, Manifest]:
        """All its stages are in the store; their manifests by name."""
        stages = dict(build_stages(self.data, store, self.seed))
        sample = list(stages.values())[-1]
        return {**stages, REGRESSION: build_regression(self.regression, sample, store, self.seed)}


Needed = NeededTraining | NeededDatamodel | NeededRegression
R = TypeVar("R", bound=Recipe)


def needed_models(config: Recipe, store: Store) -> dict[str, dict[int, Needed]]:
    """Each model that the recipe needs, in order, without references: those of its copies that are, by their number.

    A copy has the seed of its entry and one more for each copy before it.
    """
    found: dict[str, dict[int, Needed]] = {}
    for name, copies in config.needed_models.items():
        entry, folders = config.models[name], _folders(found, store)
        found[name] = {copy: _needed(config, name, entry.seed + copy - 1, folders) for copy in copies}
    return found


def with_models(config: R, store: Store) -> R:
    """The recipe with the folders, or URLs, where the models that it refers to are, or will be once made."""
    folders = _folders(needed_models(config, store), store)
    made = {name: resolved(getattr(config, name), folders) for name in config.referring}
    return config.model_copy(update={"models": {}, **made})


def _folders(models: Mapping[str, Mapping[int, Needed]], store: Store) -> dict[str, dict[int, str]]:
    root = store.url.rstrip("/")
    return {name: {copy: f"{root}/{each.folder()}" for copy, each in copies.items()} for name, copies in models.items()}


def _needed(config: Recipe, name: str, seed: int, folders: Folders) -> Needed:
    entry = config.models[name]
    data = resolved(entry.data, folders)
    if isinstance(entry, DatamodelEntry):
        return NeededDatamodel(seed, data, resolved(entry.datamodel, folders))
    if isinstance(entry, RegressionEntry):
        return NeededRegression(seed, data, entry.regression)
    seedless = entry.training.model_copy(update={"seed": 0})  # that of the entry, which a copy does not have
    training = resolved(seedless, folders)
    return NeededTraining(Recipe(seed=seed, data=data, training=training, evaluation=config.evaluation))
