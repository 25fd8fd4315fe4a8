"""Feeding: the stages of a run one after the other, each fed with what the one before it gives."""

from collections.abc import Callable, Mapping, Sequence

from cluster.rehearsal.spent import Spent
from pipelines.config import CorpusConfig
from pipelines.contracts.rows import Resources
from pipelines.stage import source_address
from training.config import TrainingConfig
from training.plan import Planned
from training.recipe import DatamodelEntry, ModelRecipe, Recipe

FED_WHOLE = ("held_out", "evaluate", "tasks", "study")  # the same text, whatever the data is
GIVES_NO_TEXT = ("pack", "train", "datamodel", "regression", *FED_WHOLE)

SpendFn = Callable[[Planned, float], Spent]  # a stage and what it is fed -> what it takes


def fed(recipe: Recipe, stages: Sequence[Planned], input_bytes: Mapping[str, float], spend: SpendFn) -> list[Spent]:
    """What each of the stages takes, in order, by `spend`; `input_bytes` are those of each source by its address.

    A source is fed its stored bytes, a training its tokens, what only reads held-out text always the same, all else the
    text that the last stage with documents left.
    """
    found: list[Spent] = []
    text_bytes = 0.0
    for stage in stages:
        if stage.name == "source":
            here = input_bytes[source_address(corpus_of(recipe, stage).source)]
        elif stage.name == "train":
            here = training_tokens(_part_of(recipe, stage), found[-1])
        else:
            here = 1.0 if stage.name in FED_WHOLE else text_bytes
        found.append(spend(stage, here))
        if not gives_no_text(stage.name):
            text_bytes = found[-1].text_bytes
    return found


def gives_no_text(name: str) -> bool:
    """Whether the rows of a stage, if it has some, are no documents."""
    return name in GIVES_NO_TEXT or name.startswith("gradients.")


def training_tokens(recipe: ModelRecipe, packed: Spent) -> float:
    """The tokens of a training in whole batches; of one that is as long as a text those of the packed text."""
    training: TrainingConfig = recipe.training
    tokens = training.tokens or (training.text_bytes or 0) * packed.tokens / packed.text_bytes
    return -(-tokens // training.batch_tokens) * training.batch_tokens


def corpus_of(recipe: Recipe, stage: Planned) -> CorpusConfig:
    """The section `data` that the stage belongs to."""
    return recipe.models[stage.model].data if stage.model else recipe.data


def workers_at_once(recipe: Recipe, stage: Planned, cpus: float) -> float:
    """How many workers a stage has at the same time, on so many CPUs."""
    resources = _resources(recipe, stage)
    return 1.0 if resources is None else resources.workers or max(1.0, cpus // max(1.0, resources.cpus))


def _resources(recipe: Recipe, stage: Planned) -> Resources | None:
    data = corpus_of(recipe, stage)
    if stage.name == "source":
        return data.source.resources
    if stage.name in data.stages():
        return data.stages()[stage.name].resources
    entry = recipe.models.get(stage.model)
    if isinstance(entry, DatamodelEntry) and stage.name in entry.datamodel.steps():
        return entry.datamodel.features.resources
    return None


def _part_of(recipe: Recipe, stage: Planned) -> ModelRecipe:
    part = recipe.models[stage.model] if stage.model else recipe
    assert isinstance(part, ModelRecipe)
    return part
