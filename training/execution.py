"""Execution: a recipe's models, data, training and measurement, one after the other, over one store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.build import BuiltData, build_data, data_addresses, find_data
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.recipe import Recipe
from training.references import resolved
from training.results import Evaluated
from training.stages import evaluate_model, model_files, study_arm, train_model, training_address

if TYPE_CHECKING:
    from ray.train import UserCallback


@dataclass(frozen=True)
class Finished:
    """The manifests of a finished recipe; all of them are in the store. `models` are those that its data needed."""

    data: BuiltData
    training: Manifest
    evaluation: Manifest
    models: dict[str, Manifest] = field(default_factory=dict)
    study: Manifest | None = None

    @property
    def bits_per_byte(self) -> float:
        """The headline: bits per byte of the whole held-out text."""
        return self.evaluation.details_as(Evaluated).bits_per_byte


def execute(config: Recipe, store: Store, callbacks: Sequence["UserCallback"] = ()) -> Finished:
    """The recipe's data, model and measurement are in the store; what was there already is not computed again."""
    models = train_models(config, store)
    config = with_models(config, store)
    data = build_data(config.data, store, config.seed)
    trained = train_model(config, data, store, callbacks)
    evaluated = evaluate_model(config, data, trained, store)
    return Finished(data, trained, evaluated, models, study_arm(config, data, trained, store))


def train_models(config: Recipe, store: Store) -> dict[str, Manifest]:
    """The models that the recipe needs, trained in order, by name."""
    return {
        name: train_model(one, build_data(one.data, store, one.seed), store)
        for name, one in model_recipes(config, store).items()
    }


def find_model(config: Recipe, store: Store) -> tuple[BuiltData, Manifest] | None:
    """The data and the model of a recipe, where the store has both; nothing is built."""
    whole = with_models(config, store)
    data = find_data(whole.data, store, whole.seed)
    trained = None if data is None else store.manifest(training_address(whole, data.packed.address))
    return None if data is None or trained is None else (data, trained)


def model_recipes(config: Recipe, store: Store) -> dict[str, Recipe]:
    """The recipe of each of the section `models` that the data needs, in order, itself without references."""
    recipes: dict[str, Recipe] = {}
    for name in config.needed_models:
        one = config.models[name]
        data = resolved(one.data, _folders(recipes, store))
        recipes[name] = Recipe(seed=one.seed, data=data, training=one.training, evaluation=config.evaluation)
    return recipes


def with_models(config: Recipe, store: Store) -> Recipe:
    """The recipe with the folders, or URLs, where the models that it refers to are, or will be once trained."""
    folders = _folders(model_recipes(config, store), store)
    return config.model_copy(update={"models": {}, "data": resolved(config.data, folders)})


def planned_training(config: Recipe) -> str:
    """The address of the training of a recipe without references, before anything is built."""
    return training_address(config, data_addresses(config.data, config.seed)["pack"])


def _folders(recipes: Mapping[str, Recipe], store: Store) -> dict[str, str]:
    return {name: f"{store.url.rstrip('/')}/{model_files(planned_training(one))}" for name, one in recipes.items()}
