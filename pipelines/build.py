"""build_data: from a config to packed sequences, top to bottom; every stage is a dataset at an address of its own.

An address that is finished is not built again, a build that was killed goes on with the units that are missing.
"""

from dataclasses import dataclass

from pipelines.config import DataConfig
from pipelines.contracts.source import Source
from pipelines.contracts.step import Step
from pipelines.stage import apply_step, ingest, step_recipe
from pipelines.steps.encode import Encode
from pipelines.steps.pack import Pack
from pipelines.steps.quota import Quota
from pipelines.store.address import address, recipe
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
    seed = config.seed_of(seed)
    latest = ingest(config.source, store, config.max_bad_share)
    stages = {"source": latest}
    for name, step in _steps(config).items():
        latest = stages[name] = apply_step(name, step, latest, store, seed)
    stages["pack"] = apply_step("pack", _packing(config, latest), latest, store, seed)
    return BuiltData(stages)


def find_data(config: DataConfig, store: Store, seed: int) -> BuiltData | None:
    """What `build_data` gives, where all of it is in the store; None where a stage is missing, and nothing is built."""
    stages = {name: store.manifest(target) for name, target in data_addresses(config, seed).items()}
    encoded = stages["encode"]
    if encoded is not None:
        packing = step_recipe(_packing(config, encoded), config.seed_of(seed))
        stages["pack"] = store.manifest(address("pack", packing, [encoded.address]))
    found = {name: manifest for name, manifest in stages.items() if manifest is not None}
    return BuiltData(found) if len(found) == len(stages) else None


def data_addresses(config: DataConfig, seed: int) -> dict[str, str]:
    """The addresses of the stages up to `encode` by their names, whether they are in the store or not."""
    latest = address(config.source.kind, recipe(config.source), [])
    addresses = {"source": latest}
    for name, step in _steps(config).items():
        latest = addresses[name] = address(name, step_recipe(step, config.seed_of(seed)), [latest])
    return addresses


def _steps(config: DataConfig) -> dict[str, Step]:
    """What happens between the source and packing, in order; `encode` is the last."""
    return {**thinning(config.source), **config.steps, "encode": Encode(codec=config.codec, verify=config.verify)}


def thinning(source: Source) -> dict[str, Step]:
    """The step that brings the parts of a source to its quotas, where it has some."""
    quotas = source.quotas()
    return {} if quotas is None else {"quota": Quota(quotas=quotas.shares, count=quotas.count)}


def _packing(config: DataConfig, encoded: Manifest) -> Pack:
    """The last step, which depends on the codec that `encode` trained."""
    details = encoded.details
    return Pack(**config.pack.model_dump(), vocab_size=details["vocab_size"], end=details["end"])
