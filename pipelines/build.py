"""build_data: from a config to packed sequences, top to bottom; every stage is a dataset at an address of its own.

An address that is finished is not built again, a build that was killed goes on with the units that are missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.config import DataConfig
from pipelines.contracts.source import Source
from pipelines.contracts.step import Step
from pipelines.stage import apply_step, ingest, source_address, step_address
from pipelines.steps.encode import Encode
from pipelines.steps.pack import Pack
from pipelines.steps.quota import Quota
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


def build_stages(config: DataConfig, store: Store, seed: int) -> Iterator[tuple[str, Manifest]]:
    """Name and manifest of one stage after the other; each is built when it is asked for, after those before it."""
    latest = ingest(config.source, store, config.max_bad_share)
    yield "source", latest
    for name, step in _steps(config).items():
        latest = apply_step(name, step, latest, store, config.seed_of(seed))
        yield name, latest


def data_addresses(config: DataConfig, seed: int) -> dict[str, str]:
    """The address of every stage by its name, in order, whether it is in the store or not."""
    latest = source_address(config.source)
    addresses = {"source": latest}
    for name, step in _steps(config).items():
        latest = addresses[name] = step_address(name, step, config.seed_of(seed), latest)
    return addresses


def find_data(config: DataConfig, store: Store, seed: int) -> BuiltData | None:
    """What `build_data` gives, where all of it is in the store; None where a stage is missing, and nothing is built."""
    stages = {name: store.manifest(target) for name, target in data_addresses(config, seed).items()}
    found = {name: manifest for name, manifest in stages.items() if manifest is not None}
    return BuiltData(found) if len(found) == len(stages) else None


def thinning(source: Source) -> dict[str, Step]:
    """The step that brings the parts of a source to its quotas, where it has some."""
    quotas = source.quotas()
    return {} if quotas is None else {"quota": Quota(quotas=quotas.shares, count=quotas.count)}


def _steps(config: DataConfig) -> dict[str, Step]:
    """What happens to the documents of the source, in order; `encode` and `pack` are the last."""
    return {
        **thinning(config.source),
        **config.steps,
        "encode": Encode(codec=config.codec, verify=config.verify),
        "pack": Pack(**config.pack.model_dump()),
    }
