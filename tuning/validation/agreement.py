"""Agreement: how alike the proxies of a datamodel rank its sample, and what its damping and other models change.

The features of the sample are in the store, so only those of other models are made.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from pipelines.contracts.rows import FloatArray
from pipelines.gradients.clipping import clipped
from pipelines.gradients.datamodel import Datamodel
from pipelines.gradients.features import FEATURES
from pipelines.passes.task import in_task
from pipelines.regression import spearman
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from pipelines.texts.vectors import from_column
from training.needed import NeededDatamodel
from tuning.validation.config import AgreementConfig
from tuning.validation.results import Agreement


def agreement(needed: NeededDatamodel, config: AgreementConfig, store: Store) -> Agreement:
    """Of a datamodel that the run needs; one of the same sample and features is made for each damping."""
    used = needed.datamodel
    others = [model for model in config.models if model not in used.models]
    scores_MN = {
        damping: _scores(needed, [*used.models, *others], damping, store)
        for damping in sorted({used.damping, *config.dampings})
    }
    proxies, own_MN = len(used.models), scores_MN[used.damping]
    mean_N = {damping: each_MN[:proxies].mean(axis=0) for damping, each_MN in scores_MN.items()}
    own_N = mean_N.pop(used.damping)
    return Agreement(
        proxies=proxies,
        between=[[spearman(one, other) for other in own_MN] for one in own_MN],
        damping=used.damping,
        dampings={f"{damping:g}": spearman(each, own_N) for damping, each in mean_N.items()},
    )


def _scores(needed: NeededDatamodel, models: Sequence[str], damping: float, store: Store) -> FloatArray:
    """(M, N) what each model says of each document of the sample, in a datamodel of these models and this damping."""
    datamodel = needed.datamodel.model_copy(update={"models": list(models), "damping": damping})
    other = dataclasses.replace(needed, datamodel=datamodel)
    stages = list(other.make(store).values())
    features = stages[-1 - len(models) : -1]
    return in_task(datamodel.features.resources, _told, other.folder(), features, store)


def _told(folder: str, features: Sequence[Manifest], store: Store) -> FloatArray:
    datamodel = Datamodel.open(f"{store.url.rstrip('/')}/{folder}")
    of_model = zip(features, datamodel.directions, datamodel.facts.longest, strict=True)
    return np.array([_products(stage, direction, longest, store) for stage, direction, longest in of_model])


def _products(features: Manifest, direction: FloatArray, longest: float, store: Store) -> FloatArray:
    """(N,) of the features, clipped as the datamodel has it, with the direction; a shard at a time."""
    parts = (from_column(store.read_columns(shard, [FEATURES]), FEATURES) for shard in features.shards)
    return np.concatenate([clipped(part, longest) @ direction for part in parts])
