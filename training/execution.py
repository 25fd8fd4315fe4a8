"""Execution: a recipe's models, data, training and measurement, one after the other, over one store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.build import BuiltData, build_data, data_addresses, find_data
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.needed import needed_models, with_models
from training.recipe import Recipe
from training.results import Evaluated
from training.side_by_side import make_in_waves
from training.stages import ask_tasks, evaluate_model, study_arm, train_model, training_address

if TYPE_CHECKING:
    from ray.train import UserCallback


@dataclass(frozen=True)
class Finished:
    """The manifests of a finished recipe; all of them are in the store.

    `models` are the stages of each model that its data needed, a dictionary a copy, by the model's name.
    """

    data: BuiltData
    training: Manifest
    evaluation: Manifest
    models: dict[str, list[dict[str, Manifest]]] = field(default_factory=dict)
    study: Manifest | None = None
    tasks: Manifest | None = None

    @property
    def bits_per_byte(self) -> float:
        """The headline: bits per byte of the whole held-out text."""
        return self.evaluation.details_as(Evaluated).bits_per_byte


def execute(config: Recipe, store: Store, callbacks: Sequence["UserCallback"] = ()) -> Finished:
    """The recipe's data, model and measurement are in the store; what was there already is not computed again."""
    models = make_models(config, store)
    config = with_models(config, store)
    data = build_data(config.data, store, config.seed)
    trained = train_model(config, data, store, callbacks)
    evaluated = evaluate_model(config, data, trained, store)
    answered = ask_tasks(config, data, trained, store)
    return Finished(data, trained, evaluated, models, study_arm(config, data, trained, store), answered)


def make_models(config: Recipe, store: Store) -> dict[str, list[dict[str, Manifest]]]:
    """The stages, by name, of each copy of each model that the recipe needs, made in order."""
    return make_in_waves(config, needed_models(config, store), store)


def find_model(config: Recipe, store: Store) -> tuple[BuiltData, Manifest] | None:
    """The data and the model of a recipe, where the store has both; nothing is built."""
    whole = with_models(config, store)
    data = find_data(whole.data, store, whole.seed)
    trained = None if data is None else store.manifest(training_address(whole, data.packed.address))
    return None if data is None or trained is None else (data, trained)


def planned_training(config: Recipe) -> str:
    """The address of the training of a recipe without references, before anything is built."""
    return training_address(config, data_addresses(config.data, config.seed)["pack"])
