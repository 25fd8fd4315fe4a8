"""Plan: every stage of a recipe with its address, before anything is built."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.build import data_addresses
from pipelines.store.store import Store
from training.execution import model_recipes, with_models
from training.held_out.text import held_out_address
from training.recipe import Recipe
from training.stages import evaluation_address, study_address, training_address


@dataclass(frozen=True)
class Planned:
    """One stage: the name of the model that it is for ("" for the run itself), its own name, and its address."""

    model: str
    name: str
    address: str


def planned(config: Recipe, store: Store, last: str | None = None) -> list[Planned]:
    """The stages in the order in which a run goes through them: those of its models, data, training, measurement.

    They end with the run's own stage `last`, where one is named.
    """
    stages: list[Planned] = []
    for name, one in model_recipes(config, store).items():
        stages += _until_trained(name, one)
    stages += _whole(with_models(config, store))
    return stages if last is None else stages[: [(each.model, each.name) for each in stages].index(("", last)) + 1]


def _whole(config: Recipe) -> Iterator[Planned]:
    stages = {each.name: each.address for each in _until_trained("", config)}
    measured = {
        "held_out": held_out_address(config.evaluation.held_out, stages["encode"]),
        "evaluate": evaluation_address(config, stages["train"]),
        "study": study_address(config, stages["train"]),
    }
    yield from (Planned("", name, address) for name, address in (stages | measured).items() if address is not None)


def _until_trained(model: str, config: Recipe) -> Iterator[Planned]:
    stages = data_addresses(config.data, config.seed)
    stages["train"] = training_address(config, stages["pack"])
    yield from (Planned(model, name, address) for name, address in stages.items())
