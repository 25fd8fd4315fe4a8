"""build_datamodel: from the candidates, or a sample of them, and proxy models to a datamodel, a folder in the store.

Three passes: the features of the sample, a step for each model; their Gram matrix, summed where the rows are; the
features of the targets. What follows, one system of linear equations a model, takes the driver seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from pipelines.contracts.component import Spec
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import TEXT, FloatArray
from pipelines.contracts.source import Source
from pipelines.contracts.task import Task
from pipelines.gradients.datamodel import Datamodel, DatamodelFacts, Proxy
from pipelines.gradients.factored import Block
from pipelines.gradients.features import FeatureConfig, Passage, open_features
from pipelines.gradients.gram import direction, gram, whole
from pipelines.inference.model_files import ModelName
from pipelines.inference.tokenizing import TokenizeFn, open_tokenizer
from pipelines.passes.task import in_task
from pipelines.sources.reading.ingest import read_all
from pipelines.stage import apply_step, step_address
from pipelines.steps.gradients import DIMENSIONS, Gradients
from pipelines.store.address import address, ingredients
from pipelines.store.built import built
from pipelines.store.manifest import FLOPS, Manifest
from pipelines.store.store import Store

NAME = "datamodel"


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
        """Its texts in tokens, and from where on each is to be told.

        Context and continuation become tokens each by itself, so no token belongs to both.
        """
        if self.task is None:
            assert self.source is not None
            return [Passage(tokens) for tokens in tokenize(read_all(self.source)[TEXT].to_pylist())]
        right = [item.options[item.gold] for item in self.task.items("target")]
        contexts = tokenize([option.context for option in right])
        continuations = tokenize([option.continuation for option in right])
        begin = len(tokenize([""])[0])  # of the begin token, where the tokenizer has one
        return [
            Passage([*context, *continuation[begin:]], len(context))
            for context, continuation in zip(contexts, continuations, strict=True)
        ]


class DatamodelConfig(Spec):
    """Which models are asked, for whose sake, and how a datamodel is made of their gradients.

    `models` are the proxies: "@name", one of the run's with all its copies, or folders. `damping` times its mean
    diagonal is added to the Gram matrix, which is `full`, or one `by_layer`: smaller, and steadier where texts are few.
    """

    models: list[ModelName] = Field(min_length=1)
    targets: dict[str, Target] = Field(min_length=1)
    features: FeatureConfig = FeatureConfig()
    damping: float = Field(default=0.1, gt=0)
    gram: Literal["full", "by_layer"] = "full"

    def steps(self) -> dict[str, Gradients]:
        """The pass over the sample for each model, by the name of its stage."""
        return {
            f"gradients_{number}": Gradients(kind="gradients", model=model, features=self.features)
            for number, model in enumerate(self.models)
        }

    def check(self) -> None:
        """Raises Mistake with the cure for what can be known to be wrong before any work starts."""
        for step in self.steps().values():
            step.check()
        for target in self.targets.values():
            target.check()


def datamodel_addresses(config: DatamodelConfig, sample: str, seed: int) -> dict[str, str]:
    """The address of each stage by its name, given that of the sample; the last is the datamodel's."""
    features = {name: step_address(name, step, seed, sample) for name, step in config.steps().items()}
    return {**features, NAME: address(NAME, _ingredients(config), list(features.values()))}


def datamodel_files(target: str) -> str:
    """The folder inside the store of the datamodel at this address."""
    return f"{target}/model"


def build_datamodel(config: DatamodelConfig, sample: Manifest, store: Store, seed: int) -> dict[str, Manifest]:
    """The datamodel is in the store; returns the manifests of its stages, by name, itself last."""
    stages = {name: apply_step(name, step, sample, store, seed) for name, step in config.steps().items()}
    target = datamodel_addresses(config, sample.address, seed)[NAME]
    made = built(store, target, lambda: _made(config, list(stages.values()), store, target))
    return {**stages, NAME: made}


def _ingredients(config: DatamodelConfig) -> dict[str, object]:
    return {name: ingredients(getattr(config, name)) for name in ("targets", "features", "damping", "gram")}


def _made(config: DatamodelConfig, sample: Sequence[Manifest], store: Store, target: str) -> Manifest:
    dimensions = int(sample[0].details[DIMENSIONS])
    directions, flops = [], 0.0
    for model, features in zip(config.models, sample, strict=True):
        of_target = in_task(config.features.resources, _target_features, model, config, dimensions)
        blocks = whole(of_target.blocks) if config.gram == "full" else of_target.blocks
        matrices = gram(store, features, blocks)
        directions.append(direction(matrices, blocks, of_target.mean, config.damping))
        flops += of_target.flops
    facts = DatamodelFacts(
        proxies=[Proxy.of(model) for model in config.models], features=config.features, dimensions=dimensions
    )
    Datamodel(facts, np.array(directions)).save(store, datamodel_files(target))
    return Manifest(
        address=target,
        name=NAME,
        kind=NAME,
        ingredients=_ingredients(config),
        inputs=[each.address for each in sample],
        rows_in=sample[0].rows,
        counts={FLOPS: flops},
        details={DIMENSIONS: len(directions[0])},
        files={"model": datamodel_files(target)},
    )


@dataclass(frozen=True)
class TargetFeatures:
    """(K,) the weighted mean of the features of all targets' items, the blocks they are in, and the FLOPs they took."""

    mean: FloatArray
    blocks: list[Block]
    flops: float


def _target_features(model: str, config: DatamodelConfig, dimensions: int) -> TargetFeatures:
    tokenize = open_tokenizer(model, None)
    opened = open_features(model, config.features, dimensions)
    means, tokens = [], 0
    for target in config.targets.values():
        passages = target.passages(tokenize)
        means.append(opened.features(passages).mean(axis=0, dtype=np.float64))
        tokens += sum(len(each.tokens) for each in passages)
    mean = np.average(means, axis=0, weights=[target.weight for target in config.targets.values()])
    return TargetFeatures(mean, opened.blocks, opened.flops_per_token * tokens)
