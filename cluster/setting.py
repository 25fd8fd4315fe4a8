"""Setting: what the models of a selection by datamodels take (DsDm, arXiv 2401.12926), by formulas from its config.

For who has not the corpus yet, so that nothing can be rehearsed. Legend: N candidates, P weights of a model, K
dimensions of its features.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from cluster.config import RunConfig
from pipelines.config import CorpusConfig
from pipelines.contracts.mistakes import Mistake
from pipelines.scorers.datamodel import Datamodel
from pipelines.selectors.random import Random
from pipelines.steps.score import Score
from pipelines.steps.select import Select
from training.recipe import DatamodelEntry, ModelRecipe, TrainingEntry
from training.references import Reference, references

FLOAT32_BYTES, NUMBER_BYTES = 4, 8


@dataclass(frozen=True)
class Part:
    """A part of a run, the floating-point operations of models in it, and the bytes that it leaves."""

    name: str
    flops: float
    stored_bytes: float


def training_flops(weights: float, tokens: float) -> float:
    """6 P a token: 2 forward, 4 backward."""
    return 6.0 * weights * tokens


def feature_flops(weights: float, tokens: float) -> float:
    """4 P a token, as no gradient of a weight is formed; the factored projection takes less than a hundredth of it."""
    return 4.0 * weights * tokens


def gram_flops(candidates: float, dimensions: float, blocks: int = 1) -> float:
    """N K^2; a matrix for each of so many equal blocks takes one part in so many."""
    return candidates * dimensions**2 / blocks


@dataclass(frozen=True)
class Setting:
    """A run for so many documents, each as long as a packed sequence, whose tokenizers have so many tokens.

    The documents are those that are chosen among, before any is. Of the steps the random selections count.
    """

    config: RunConfig
    documents: float
    vocab_size: int

    def parts(self) -> Iterator[Part]:
        """The trainings, features and Gram matrices of the run, in order.

        Targets, filters, tokenizing and other scorers are left out, and so is attention, a tenth of a small model's
        work. Mistake where a length or the dimensions follow from the text.
        """
        for name, copies in self.config.needed_models.items():
            entry = self.config.models[name]
            if isinstance(entry, TrainingEntry):
                yield self._training(f"models.{name}: train", entry, len(copies))
            elif isinstance(entry, DatamodelEntry):
                yield from self._datamodel(name, entry)
        for name, step in self.config.data.steps.items():
            if isinstance(step, Score) and isinstance(step.scorer, Datamodel):
                scored = self.documents * _share(self.config.data, name)
                entry = self.config.models[Reference.read(step.scorer.model).name]
                assert isinstance(entry, DatamodelEntry)
                yield Part(name, self._features(entry, scored), NUMBER_BYTES * scored)
        yield self._training("train", self.config, 1)

    def _training(self, name: str, recipe: ModelRecipe, copies: int) -> Part:
        tokens = recipe.training.tokens
        if tokens is None:
            raise Mistake(f"{name} is as long as its text, which is not here; give `training.tokens`")
        weights = copies * recipe.training.model.parameters(self.vocab_size)
        return Part(name, training_flops(weights, tokens), FLOAT32_BYTES * weights)

    def _datamodel(self, name: str, entry: DatamodelEntry) -> Iterator[Part]:
        dimensions, proxies = entry.datamodel.features.dimensions, len(self._proxies(entry))
        if dimensions is None:
            raise Mistake(
                f"models.{name}.datamodel.features.dimensions follow from the text, which is not here; give them"
            )
        sample = self.documents * _share(entry.data)
        left = FLOAT32_BYTES * dimensions * proxies
        yield Part(f"models.{name}: gradients", self._features(entry, sample), sample * left)
        yield Part(f"models.{name}: datamodel", proxies * gram_flops(sample, dimensions), left)

    def _features(self, entry: DatamodelEntry, documents: float) -> float:
        """The FLOPs of the features of so many documents by all proxies of a datamodel."""
        read = [(each, documents * each.data.pack.length) for each in self._proxies(entry)]
        return sum(feature_flops(each.training.model.parameters(self.vocab_size), tokens) for each, tokens in read)

    def _proxies(self, entry: DatamodelEntry) -> list[TrainingEntry]:
        """The recipe of each proxy, once a copy."""
        found: list[TrainingEntry] = []
        for reference in references(entry.datamodel):
            each = self.config.models[reference.name]
            assert isinstance(each, TrainingEntry)
            found += [each] * (each.copies if reference.copy is None else 1)
        return found


def _share(data: CorpusConfig, before: str = "") -> float:
    """How much of the documents the random selections leave, those before the step of that name where there is one."""
    names = list(data.steps)
    steps = [data.steps[name] for name in (names[: names.index(before)] if before else names)]
    chosen = [each.selector for each in steps if isinstance(each, Select)]
    return prod(each.fraction for each in chosen if isinstance(each, Random))
