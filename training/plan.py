"""Plan: every stage of a recipe with its address, before anything is built."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.store.store import Store
from training.held_out.text import held_out_address
from training.needed import NeededTraining, needed_models, with_models
from training.recipe import Recipe
from training.stages import evaluation_address, study_address, tasks_address


@dataclass(frozen=True)
class Planned:
    """One stage: the model that it is for ("" for the run itself) and which copy, its own name, and its address."""

    model: str
    copy: int
    name: str
    address: str


def planned(config: Recipe, store: Store, last: str | None = None) -> list[Planned]:
    """The stages in the order in which a run goes through them: those of its models, data, training, measurement.

    They end with the run's own stage `last`, where one is named.
    """
    stages: list[Planned] = []
    for model, copies in needed_models(config, store).items():
        for copy, each in copies.items():
            stages += [Planned(model, copy, name, target) for name, target in each.addresses().items()]
    stages += _whole(with_models(config, store))
    return stages if last is None else stages[: [(each.model, each.name) for each in stages].index(("", last)) + 1]


def _whole(config: Recipe) -> Iterator[Planned]:
    stages = NeededTraining(config).addresses()
    measured = {
        "held_out": held_out_address(config.evaluation.held_out, stages["encode"]),
        "evaluate": evaluation_address(config, stages["train"]),
        "tasks": tasks_address(config, stages["train"]),
        "study": study_address(config, stages["train"]),
    }
    yield from (Planned("", 0, name, address) for name, address in (stages | measured).items() if address is not None)
