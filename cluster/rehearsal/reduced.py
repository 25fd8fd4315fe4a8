"""Reduced: a recipe on samples of its sources, with trainings of a few batches."""

from collections.abc import Mapping
from typing import TypeVar

from cluster.rehearsal.sampled import Sampled
from pipelines.config import CorpusConfig
from pipelines.stage import source_address
from training.config import TrainingConfig
from training.recipe import DatamodelEntry, Entry, ModelRecipe, Recipe, TrainingEntry

BATCH_TOKENS = 1 << 14  # of a rehearsed batch at most, where the sequences of all workers are not longer

Samples = Mapping[str, Sampled]  # by the address of the source that each is a sample of
C = TypeVar("C", bound=CorpusConfig)


def reduced(recipe: Recipe, samples: Samples, steps: int) -> Recipe:
    """The recipe on the samples, every training so many steps long; what it is measured on stays whole."""
    needed = {name: _entry(recipe.models[name], samples, steps) for name in recipe.needed_models}
    return recipe.model_copy(
        update={
            "models": {**recipe.models, **needed},
            "data": _corpus(recipe.data, samples),
            "training": _training(recipe, steps),
        }
    )


def with_dimensions(recipe: Recipe, name: str, dimensions: int) -> Recipe:
    """The recipe with at most so many dimensions in the features of the datamodel of this name."""
    entry = recipe.models[name]
    assert isinstance(entry, DatamodelEntry)
    features = entry.datamodel.features.model_copy(update={"dimensions": dimensions})
    datamodel = entry.datamodel.model_copy(update={"features": features})
    return recipe.model_copy(
        update={"models": {**recipe.models, name: entry.model_copy(update={"datamodel": datamodel})}}
    )


def _entry(entry: Entry, samples: Samples, steps: int) -> Entry:
    update: dict[str, object] = {"data": _corpus(entry.data, samples)}
    if isinstance(entry, TrainingEntry):
        update["training"] = _training(entry, steps)
    return entry.model_copy(update=update)


def _corpus(data: C, samples: Samples) -> C:
    source = samples[source_address(data.source)]
    steps = {name: step.in_sample(source.share) for name, step in data.steps.items()}
    return data.model_copy(update={"source": source, "steps": steps})


def _training(recipe: ModelRecipe, steps: int) -> TrainingConfig:
    training, length = recipe.training, recipe.data.pack.length
    batch = _batch_sequences(training, length) * length
    return training.model_copy(update={"tokens": steps * batch, "text_bytes": None, "batch_tokens": batch})


def _batch_sequences(training: TrainingConfig, length: int) -> int:
    """Sequences of a rehearsed batch: those of a whole one, or as many as BATCH_TOKENS hold for all workers evenly."""
    least = training.workers * (training.micro_batch_sequences or 1)
    fitting = max(1, BATCH_TOKENS // (least * length)) * least
    return min(training.batch_sequences(length), fitting)
