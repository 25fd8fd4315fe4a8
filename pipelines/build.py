"""build_data: from a config to packed sequences, top to bottom; every stage is a dataset at an address of its own.

An address that is finished is not built again, a build that was killed goes on with the units that are missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.config import CorpusConfig, DataConfig
from pipelines.stage import apply_step, ingest, source_address, step_address
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store


@dataclass(frozen=True)
class BuiltData:
    """The manifests of every stage by its name in the config, in order; the last two are `encode` and `pack`."""

    stages: dict[str, Manifest]

    @property
    def packed(self) -> Manifest:
        """The sequences to train on."""
        return self.stages["pack"]

    @property
    def encoded(self) -> Manifest:
        """The documents that were packed, with their tokens and the codec's files."""
        return self.stages["encode"]


def build_data(config: DataConfig, store: Store, seed: int) -> BuiltData:
    """All stages of the config are in the store; returns their manifests. `seed` is the run's."""
    return BuiltData(dict(build_stages(config, store, seed)))


def build_stages(config: CorpusConfig, store: Store, seed: int) -> Iterator[tuple[str, Manifest]]:
    """Name and manifest of one stage after the other; each is built when it is asked for, after those before it."""
    latest = ingest(config.source, store, config.max_bad_share)
    yield "source", latest
    for name, step in config.stages().items():
        latest = apply_step(name, step, latest, store, config.seed_of(seed))
        yield name, latest


def data_addresses(config: CorpusConfig, seed: int) -> dict[str, str]:
    """The address of every stage by its name, in order, whether it is in the store or not."""
    latest = source_address(config.source)
    addresses = {"source": latest}
    for name, step in config.stages().items():
        latest = addresses[name] = step_address(name, step, config.seed_of(seed), latest)
    return addresses


def find_data(config: DataConfig, store: Store, seed: int) -> BuiltData | None:
    """What `build_data` gives, where all of it is in the store; None where a stage is missing, and nothing is built."""
    stages = {name: store.manifest(target) for name, target in data_addresses(config, seed).items()}
    found = {name: manifest for name, manifest in stages.items() if manifest is not None}
    return BuiltData(found) if len(found) == len(stages) else None
