"""Execution: a recipe's models, data, training and measurement, one after the other, over one store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.build import BuiltData, build_data, find_data
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.recipe import Recipe
from training.references import resolved
from training.stages import evaluate_model, study_arm, train_model, training_address

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
        return float(self.evaluation.details["bits_per_byte"])


def execute(config: Recipe, store: Store, callbacks: Sequence["UserCallback"] = ()) -> Finished:
    """The recipe's data, model and measurement are in the store; what was there already is not computed again."""
    models = train_models(config, store)
    config = with_models(config, models, store)
    data = build_data(config.data, store, config.seed)
    trained = train_model(config, data, store, callbacks)
    evaluated = evaluate_model(config, data, trained, store)
    return Finished(data, trained, evaluated, models, study_arm(config, data, trained, store))


def train_models(config: Recipe, store: Store) -> dict[str, Manifest]:
    """The models that the recipe needs, trained in order, by name."""
    trained: dict[str, Manifest] = {}
    for name in config.needed_models:
        one = model_recipe(config, name, trained, store)
        trained[name] = train_model(one, build_data(one.data, store, one.seed), store)
    return trained


def find_models(config: Recipe, store: Store) -> dict[str, Manifest]:
    """The models that the recipe needs, up to the first that is not in the store; nothing is trained."""
    found: dict[str, Manifest] = {}
    for name in config.needed_models:
        model = find_model(model_recipe(config, name, found, store), store)
        if model is None:
            break
        found[name] = model[1]
    return found


def find_model(config: Recipe, store: Store) -> tuple[BuiltData, Manifest] | None:
    """The data and the model of a recipe without references, where the store has both."""
    data = find_data(config.data, store, config.seed)
    trained = None if data is None else store.manifest(training_address(config, data))
    return None if data is None or trained is None else (data, trained)


def model_recipe(config: Recipe, name: str, trained: Mapping[str, Manifest], store: Store) -> Recipe:
    """The recipe of one of the section `models`, those before it being trained."""
    settings = config.models[name].model_dump() | {"evaluation": config.evaluation, "models": config.models}
    return with_models(Recipe.model_validate(settings), trained, store)


def with_models(config: Recipe, trained: Mapping[str, Manifest], store: Store) -> Recipe:
    """The recipe with the folders, or URLs, of its trained models where it refers to them."""
    folders = {name: f"{store.url.rstrip('/')}/{manifest.files['model']}" for name, manifest in trained.items()}
    return config.model_copy(update={"models": {}, "data": resolved(config.data, folders)})
