"""Datamodel: a folder that says how much training on a text would help a target, by the gradients of several models."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import field_validator

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import FloatArray
from pipelines.gradients.features import FeatureConfig
from pipelines.inference.model_files import DATAMODEL, holding, local_folder, model_fingerprint
from pipelines.store.address import ingredients
from pipelines.store.manifest import Stored
from pipelines.store.store import Store

Weights = Literal["equal", "doubt"]  # how much what is foretold of a text counts

FACTS, DIRECTIONS = "datamodel.json", "directions.safetensors"
UP = "../"


class Proxy(Stored):
    """A model whose gradients are asked for: its folder, and what its content is known by."""

    folder: str
    content: str

    @classmethod
    def of(cls, folder: str) -> Self:
        """The proxy that lies in a folder now, or will once it is trained."""
        return cls(folder=folder, content=model_fingerprint(folder)["model"])


class DatamodelFacts(Stored):
    """How the features of a datamodel come about: the same models and projections as those of its directions.

    `longest` holds for each proxy the length to which longer features are scaled down, `weights` says what a text's
    product with the directions is multiplied by: nothing, or the proxies' mean doubt of it.

    Where the features of the sample were made is left out of `features`: it is no part of the result.
    """

    proxies: list[Proxy]
    features: FeatureConfig
    dimensions: int
    longest: list[float]
    weights: Weights = "equal"

    @field_validator("features")
    @classmethod
    def _without_placement(cls, features: FeatureConfig) -> FeatureConfig:
        return FeatureConfig.model_validate(ingredients(features))

    def placed(self, place: Callable[[str], str]) -> Self:
        """The same with each proxy's folder as `place` names it."""
        proxies = [proxy.model_copy(update={"folder": place(proxy.folder)}) for proxy in self.proxies]
        return self.model_copy(update={"proxies": proxies})


@dataclass(frozen=True)
class Datamodel:
    """For each model a direction (K,) in the space of its features; a text's score is its mean product with them.

    A high score says that training on the text would make the target's output better.
    """

    facts: DatamodelFacts
    directions: list[FloatArray]

    def save(self, store: Store, folder: str) -> None:
        """The folder in the store holds the datamodel; it names proxies of the same store by their way from there.

        So a store can be moved, or be another place for each machine.
        """
        from safetensors.numpy import save

        tensors = {str(number): np.ascontiguousarray(each) for number, each in enumerate(self.directions)}
        store.write(f"{folder}/{DIRECTIONS}", save(tensors))
        facts = self.facts.placed(lambda proxy: _way(store.url.rstrip("/"), folder, proxy))
        store.write(f"{folder}/{FACTS}", facts.model_dump_json(indent=1).encode())

    @classmethod
    def open(cls, folder: str) -> Self:
        """The datamodel of a folder, or of a URL; Mistake where there is none, or one of its models is another now."""
        from safetensors.numpy import load

        place = holding(folder, FACTS, DATAMODEL, "helpful")
        written = DatamodelFacts.model_validate_json((place / FACTS).read_bytes())
        facts = written.placed(lambda proxy: _at_end(folder, proxy))
        for proxy in facts.proxies:
            _check(proxy, folder)
        tensors = load((place / DIRECTIONS).read_bytes())
        return cls(facts, [tensors[str(number)] for number in range(len(facts.proxies))])


def _way(store: str, folder: str, proxy: str) -> str:
    """How one comes from a folder of the store to a proxy that is there too; a proxy elsewhere as it is named."""
    return posixpath.relpath(proxy, f"{store}/{folder}") if proxy.startswith(f"{store}/") else proxy


def _at_end(folder: str, way: str) -> str:
    """Where one comes to from the folder, which may be a URL; a place that is named whole stays."""
    if not way.startswith(UP):
        return way
    parts = way.split("/")
    ups = parts.count("..")
    return "/".join([*folder.rstrip("/").split("/")[:-ups], *parts[ups:]])


def _check(proxy: Proxy, folder: str) -> None:
    if local_folder(proxy.folder) is None:
        raise Mistake(
            f"datamodel '{folder}' asks the model '{proxy.folder}', which is not there; put it back, or train the "
            "datamodel again"
        )
    if Proxy.of(proxy.folder) != proxy:
        raise Mistake(
            f"datamodel '{folder}' was made with another model than '{proxy.folder}' is now; train the datamodel again"
        )
