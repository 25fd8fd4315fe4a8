"""Side by side: models that do not need each other are trained at the same time, as many as there is room for."""

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.build import BuiltData, build_data
from pipelines.contracts.rows import Resources
from pipelines.passes.task import ray_options
from pipelines.passes.worker_errors import mistakes_told
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.config import TrainingConfig
from training.needed import TRAIN, Needed, NeededTraining
from training.recipe import Recipe
from training.references import references
from training.stages import train_model

LOGGER = logging.getLogger(__name__)
Made = dict[str, list[dict[str, Manifest]]]
Training = tuple[Recipe, BuiltData]
Named = tuple[str, Training]  # what it is called, and the training


def make_in_waves(config: Recipe, needed: Mapping[str, Mapping[int, Needed]], store: Store) -> Made:
    """The stages, by name, of each copy of each model: first of those that need no other, then of those that need them.

    The data is built one after the other, since copies share most of it.
    """
    made: Made = {}
    for wave in waves(config, list(needed)):
        _train_together(dict(_missing(wave, needed, store)), store)
        made |= {name: [each.make(store) for each in needed[name].values()] for name in wave}
    return {name: made[name] for name in needed}


def waves(config: Recipe, names: list[str]) -> Iterator[list[str]]:
    """The names of the models in groups, in each of which every model refers to earlier groups alone."""
    done: set[str] = set()
    while len(done) < len(names):
        wave = [name for name in names if name not in done and _referred(config, name) <= done]
        yield wave
        done.update(wave)


def at_once(config: TrainingConfig, resources: Mapping[str, float]) -> int:
    """How many such trainings a cluster with these resources has room for, one at least.

    By its GPUs where the training has some, else by its CPUs where the training says how many `threads` it computes
    with. By default it computes with all there are, and then one is as much as there is room for.
    """
    if config.gpus:
        room = resources.get("GPU", 0.0) / (config.gpus * config.workers)
    elif config.threads is not None:
        room = resources.get("CPU", 1.0) / (config.threads * config.workers)
    else:
        room = 1
    return max(1, int(room + 1e-9))


def _referred(config: Recipe, name: str) -> set[str]:
    return {reference.name for reference in references(config.models[name])}


def _missing(wave: list[str], needed: Mapping[str, Mapping[int, Needed]], store: Store) -> Iterator[Named]:
    """The trainings of the wave that the store does not have, each with its data, which is built."""
    for name in wave:
        for copy, each in needed[name].items():
            if isinstance(each, NeededTraining) and store.manifest(each.addresses()[TRAIN]) is None:
                yield (
                    f"models.{name}, copy {copy}",
                    (each.recipe, build_data(each.recipe.data, store, each.recipe.seed)),
                )


def _train_together(trainings: dict[str, Training], store: Store) -> None:
    """Trains them in tasks of their own where there is room for more than one; else leaves them to who asks for them.

    What fails ends those that still run; a training goes on where it was when it is asked for again.
    """
    if len(trainings) < 2:
        return
    import ray

    room = min(at_once(recipe.training, ray.cluster_resources()) for recipe, _ in trainings.values())
    if room == 1:
        return
    task: Any = ray.remote(**ray_options(Resources(cpus=0)))(train_model)
    waiting = deque(trainings.items())
    running: dict[Any, str] = {}
    LOGGER.info("%d models are trained, %d at a time", len(trainings), min(room, len(trainings)))
    try:
        while waiting or running:
            while waiting and len(running) < room:
                name, (recipe, data) = waiting.popleft()
                running[task.remote(recipe, data, store)] = name
            (ended, *_), _ = ray.wait(list(running))
            name = running.pop(ended)
            with mistakes_told():
                trained: Manifest = ray.get(ended)
            LOGGER.info("%s: %s", name, trained.address)
    finally:
        for each in running:
            ray.cancel(each, force=True)
