"""build_datamodel: from the candidates, or a sample of them, and proxy models to a datamodel, a folder in the store.

Three passes: the features of the sample, a step for each model; their Gram matrix, summed where the rows are; the
features of the targets. What follows, one system of linear equations a model, takes the driver seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from pipelines.contracts.component import ADDED, Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, FloatArray
from pipelines.contracts.source import Source
from pipelines.contracts.task import Task
from pipelines.gradients.block import Block
from pipelines.gradients.clipping import clipped, longest_of
from pipelines.gradients.datamodel import Datamodel, DatamodelFacts, Proxy, Weights
from pipelines.gradients.features import NORM, FeatureConfig, Opened, open_features
from pipelines.gradients.gram import direction, gram, whole
from pipelines.inference.model_files import ModelName
from pipelines.inference.passages import Passage, right_continuations
from pipelines.inference.tokenizing import TokenizeFn, open_tokenizer
from pipelines.passes.task import in_task
from pipelines.sources.reading.ingest import read_all
from pipelines.stage import apply_step, step_address
from pipelines.steps.gradients import DIMENSIONS, Gradients
from pipelines.store.address import address, ingredients
from pipelines.store.built import built
from pipelines.store.manifest import FLOPS, Manifest
from pipelines.store.store import Store

NAME, GRADIENTS = "datamodel", "gradients"
VERSION = 2  # raised where the same features become another datamodel; 2: huge gradients are clipped
TARGET_PASSAGES = 256  # whose features are in memory at the same time


class Target(Spec):
    """What shall be told better, and how much it counts among several targets.

    Of a `task` it is the continuations of its target half, each behind its context; of a `source` all of every text.
    """

    task: Task | None = None
    source: Source | None = None
    weight: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.task is None) == (self.source is None):
            raise Mistake("a target is a `task` or a `source`; give one of them")
        return self

    def check(self) -> None:
        """Raises Mistake where there is nothing to read."""
        for each in (self.task, self.source):
            if each is not None:
                each.check()

    def passages(self, tokenize: TokenizeFn) -> list[Passage]:
        """Its texts in tokens, and from where on each is to be told."""
        if self.task is None:
            assert self.source is not None
            return [Passage(tokens) for tokens in tokenize(read_all(self.source)[TEXT].to_pylist())]
        return right_continuations(self.task.items("target"), tokenize)


class DatamodelConfig(Spec):
    """Which models are asked, for whose sake, and how a datamodel is made of their gradients.

    `models` are the proxies: "@name", one of the run's with all its copies, or folders. `damping` times its mean
    diagonal is added to the Gram matrix, which is `full`, or one `by_layer`: smaller, and steadier where texts are few.
    Features longer than `clip` times the median length in the sample are scaled down to it, those of targets as well.
    `weights: doubt` is the matrix Q of TRAK (arXiv 2303.14186, section 3): a text's score is multiplied by the mean of
    1 - p over its tokens and the proxies, so what they know by heart counts little.
    """

    models: list[ModelName] = Field(min_length=1)
    targets: dict[str, Target] = Field(min_length=1)
    features: FeatureConfig = FeatureConfig()
    damping: float = Field(default=0.1, ge=1e-6)
    gram: Literal["full", "by_layer"] = "full"
    clip: float = Field(default=10.0, ge=1)
    weights: Annotated[Weights, ADDED] = "equal"

    @field_validator("models")
    @classmethod
    def _are_all_different(cls, models: list[str]) -> list[str]:
        twice = sorted({model for model in models if models.count(model) > 1})
        if twice:
            raise Mistake(
                f"the models of a datamodel are each asked once, and {twice[0]!r} is there twice; take it out"
            )
        return models

    @model_validator(mode="after")
    def _has_layers(self) -> Self:
        if self.gram == "by_layer" and self.features.projection == "dense":
            raise Mistake(
                "gram `by_layer` needs features of each layer, and the `dense` projection mixes them; take "
                "`features.projection: factored`, or gram `full`"
            )
        return self

    @model_validator(mode="after")
    def _weighs_margins(self) -> Self:
        if self.weights == "doubt" and self.features.output != "margin":
            raise Mistake(
                "weights `doubt` say how the loss follows the margin; with `features.output: loss` they would be 1, so "
                "take `features.output: margin`, or weights `equal`"
            )
        return self

    def steps(self) -> dict[str, Gradients]:
        """The pass over the sample for each model, by the name of its stage."""
        return {
            f"{GRADIENTS}.{number}": Gradients(kind="gradients", model=model, features=self.features)
            for number, model in enumerate(self.models)
        }

    def check(self) -> None:
        """Raises Mistake with the cure for what is wrong with the models, before any work starts."""
        for step in self.steps().values():
            step.check()


def datamodel_addresses(config: DatamodelConfig, sample: str, seed: int) -> dict[str, str]:
    """The address of each stage by its name, given that of the sample; the last is the datamodel's."""
    features = {name: step_address(GRADIENTS, step, seed, sample) for name, step in config.steps().items()}
    return {**features, NAME: address(NAME, _ingredients(config), list(features.values()))}


def datamodel_files(target: str) -> str:
    """The folder inside the store of the datamodel at this address."""
    return f"{target}/model"


def build_datamodel(config: DatamodelConfig, sample: Manifest, store: Store, seed: int) -> dict[str, Manifest]:
    """The datamodel is in the store; returns the manifests of its stages, by name, itself last."""
    stages = {name: apply_step(GRADIENTS, step, sample, store, seed) for name, step in config.steps().items()}
    target = datamodel_addresses(config, sample.address, seed)[NAME]
    made = built(store, target, lambda: _made(config, list(stages.values()), store, target))
    return {**stages, NAME: made}


def _ingredients(config: DatamodelConfig) -> dict[str, object]:
    parts = {name: each for name, each in ingredients(config).items() if name != "models"}
    return {**parts, "version": VERSION}


def _made(config: DatamodelConfig, sample: Sequence[Manifest], store: Store, target: str) -> Manifest:
    directions, looked = [], []
    for model, features in zip(config.models, sample, strict=True):
        look = in_task(config.features.resources, _look, model, config, store, features)
        blocks = whole(look.blocks) if config.gram == "full" else look.blocks
        directions.append(direction(gram(store, features, blocks, look.longest), blocks, look.mean, config.damping))
        looked.append(look)
    facts = DatamodelFacts(
        proxies=[Proxy.of(model) for model in config.models],
        features=config.features,
        dimensions=int(sample[0].details[DIMENSIONS]),
        longest=[look.longest for look in looked],
        weights=config.weights,
    )
    Datamodel(facts, directions).save(store, datamodel_files(target))
    return Manifest(
        address=target,
        name=NAME,
        kind=NAME,
        ingredients=_ingredients(config),
        inputs=[each.address for each in sample],
        rows_in=sample[0].rows,
        counts={FLOPS: sum(look.flops for look in looked)},
        details={
            DIMENSIONS: [len(each) for each in directions],
            "clipped": [look.clipped for look in looked],
            "target_passages": looked[-1].passages,
        },
        files={"model": datamodel_files(target)},
    )


@dataclass(frozen=True)
class Look:
    """What a proxy says of the targets, beside how long the features of the sample are.

    `mean` (K,) is the weighted mean of the features of all targets, in `blocks`; `passages` says of how many each
    target's mean is, of those that have a gradient. `longest` is the length to which longer features are scaled down,
    and `clipped` of how many texts of the sample that is true.
    """

    mean: FloatArray
    blocks: list[Block]
    passages: dict[str, int]
    longest: float
    clipped: int
    flops: float


def _look(model: str, config: DatamodelConfig, store: Store, sample: Manifest) -> Look:
    lengths = np.concatenate([store.read_columns(shard, [NORM])[NORM].to_numpy() for shard in sample.shards])
    longest = longest_of(lengths, config.clip)
    tokenize = open_tokenizer(model, None)
    opened = open_features(model, config.features, int(sample.details[DIMENSIONS]))
    means, counts, flops = [], {}, 0.0
    for name, target in config.targets.items():
        passages = target.passages(tokenize)
        mean, counts[name] = _mean(opened, passages, longest)
        if not counts[name]:
            raise Mistake(
                f"none of the {len(passages)} passages of target '{name}' has a gradient; look at its text, and at how "
                f"model '{model}' was trained"
            )
        means.append(mean)
        flops += opened.flops(passages)
    mean = np.average(means, axis=0, weights=[target.weight for target in config.targets.values()])
    return Look(mean, opened.blocks, counts, longest, int((lengths > longest).sum()), flops)


def _mean(opened: Opened, passages: Sequence[Passage], longest: float) -> tuple[FloatArray, int]:
    """(K,) the mean of the features of those passages that have a gradient, and how many these are."""
    total, count = np.zeros(opened.blocks[-1].end), 0
    for first in range(0, len(passages), TARGET_PASSAGES):
        features = clipped(opened.features(passages[first : first + TARGET_PASSAGES]), longest)
        total += features.sum(axis=0, dtype=np.float64)
        count += int(features.any(axis=1).sum())
    return total / max(1, count), count
