"""Preflight: what would stop a run on this cluster, found in seconds and before anything is paid for.

Every node is asked, by a small task that runs on that node, what it sees; the driver compares that with what it sees
itself, and what the config asks for with what the nodes have.
"""

import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from cluster.jobs import node_facts
from cluster.jobs.nodes import Node, alive_nodes, ask, sent_by_value
from pipelines.config import CorpusConfig, thinning
from pipelines.contracts.component import sections
from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Resources
from pipelines.contracts.source import Source
from pipelines.contracts.task import Task
from pipelines.inference.model_files import local_folder
from pipelines.inference.model_names import named_models
from pipelines.passes.task import ray_resources
from pipelines.store.store import Store
from training.recipe import DatamodelEntry, RegressionEntry

if TYPE_CHECKING:
    from cluster.config import RunConfig
    from training.recipe import ModelRecipe

KIND_OF_GPU = "accelerator_type:"  # Ray's resource of a node, for each kind that it has
MIN_FREE_SHARE = 0.05  # Ray makes no more objects on a fuller disk (local_fs_capacity_threshold)
SHARED_PLACE = "set 'store' to a bucket (s3://, gs://) or to the absolute path of a disk that all nodes share"


@dataclass(frozen=True)
class Sight:
    """What `node_facts.look` saw on one machine."""

    folders: Mapping[str, str | None]
    digests: Mapping[str, str | None]
    versions: Mapping[str, str | None]
    contents: Mapping[str, str | None]
    disk: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Demand:
    """So many workers at the same time, each with `each` of every resource, for the config's section `name`."""

    name: str
    workers: int
    each: Mapping[str, float]


def preflight(config: "RunConfig") -> list[str]:
    """One sentence for every problem: the node, what is wrong there, the cure; empty where the run can start.

    Ray has to be connected. Nodes that an autoscaler has yet to add are not counted.
    """
    nodes = alive_nodes()
    paths = needed_paths(config)
    here = Sight(**node_facts.look(paths, tempfile.gettempdir()))
    with sent_by_value(node_facts):
        seen, silent = ask(node_facts.look, nodes, lambda node: (paths, node.ray_folder))
    sights = [(node, Sight(**seen[node.id])) for node in nodes if node.id in seen]
    wanted = list(demands(config))
    wants_gpus = any(demand.each["GPU"] for demand in wanted)
    problems = [f"node {node.name}: {silent[node.id]}" for node in nodes if node.id in silent]
    for node, there in sights:
        found = chain(differences(here, there), disk_problems(there), build_problems(node, there, wants_gpus))
        problems += [f"node {node.name}: {problem}" for problem in found]
    same_code = [node for node, there in sights if there.digests == here.digests]
    problems += store_problems(config.store, same_code)
    return problems + [problem for demand in wanted for problem in room_problems(demand, nodes)]


def too_little_room(wanted: Iterable[Demand]) -> list[str]:
    """A sentence for everything that asks for more than the nodes have, and would wait for ever."""
    nodes = alive_nodes()
    return [problem for demand in wanted for problem in room_problems(demand, nodes)]


def needed_paths(config: "RunConfig") -> list[str]:
    """What every node has to see besides the store: local model folders and input files.

    Of each source, target and task, wherever in the config it stands, the first and the last local file.
    """
    models_made = [config.models[name] for name in config.needed_models]
    parts = [config.data, config.training, config.evaluation, config.validation, *models_made]
    models = {each.name for each in named_models(parts) if local_folder(each.name)}
    files: set[str] = set()
    for found in (each.files() for each in sections(parts) if isinstance(each, Source | Task)):
        files |= {file for file in (found[0], found[-1]) if os.path.exists(file)}
    return [*sorted(models), *sorted(files)]


def differences(here: Sight, there: Sight) -> Iterator[str]:
    """A sentence with the cure for everything that a node has otherwise than the driver: code, versions, files."""
    for name, digest in here.digests.items():
        if there.digests[name] != digest:
            found = f"comes from {there.folders[name]}" if there.folders[name] else "is missing"
            yield (
                f"package '{name}' {found} and is not the driver's {here.folders[name]}; start the run with `gleaner "
                "submit`, which carries the code, or put this version of gleaner-lm into the image"
            )
    for name, version in here.versions.items():
        if version and _release(there.versions[name]) != _release(version):
            found = there.versions[name] or "not installed"
            yield f"{name} is {found}, the driver has {version}; give all nodes one image"
    for path, content in here.contents.items():
        if there.contents[path] != content:
            found = there.contents[path] or "nothing"
            yield (
                f"'{path}' holds {found}, the driver sees {content}; put it on a disk that all nodes share, or in the "
                "image, and name it by its absolute path"
            )


def disk_problems(there: Sight) -> Iterator[str]:
    """A sentence with the cure where the node's disk has too little room for what Ray spills."""
    share = there.free_bytes / there.total_bytes
    if share < MIN_FREE_SHARE:
        yield (
            f"the disk of {there.disk} has {there.free_bytes / 2**30:.1f} GiB ({share:.1%}) free, and Ray writes "
            f"nothing below {MIN_FREE_SHARE:.0%}; free some of it, or give the node a larger disk"
        )


def build_problems(node: Node, there: Sight, wants_gpus: bool) -> Iterator[str]:
    """A sentence with the cure where the config wants GPUs that the torch installed on the node cannot use."""
    version = there.versions["torch"] or ""
    if wants_gpus and node.resources.get("GPU") and version.endswith("+cpu"):
        yield f"torch {version} cannot use the GPUs there; install gleaner-lm[gpu] in the image instead of [cpu]"


def demands(config: "RunConfig") -> Iterator[Demand]:
    """What has to be free at the same time: all workers of a training, and of a step the one that it starts with."""
    yield from _demands("", config)
    for name in config.needed_models:
        yield from _demands(f"models.{name}.", config.models[name])
    if config.validation is not None:
        yield Demand("validation", 1, _asked(config.validation.resources))


def room_problems(demand: Demand, nodes: Sequence[Node]) -> Iterator[str]:
    """A sentence with the cure where more workers are asked for than the nodes can hold at the same time."""
    room = sum(_fitting(demand, node) for node in nodes)
    if room < demand.workers:
        asked = " and ".join(_told(name, amount) for name, amount in demand.each.items() if amount)
        offered = ", ".join(_told(name, sum(node.resources.get(name, 0) for node in nodes)) for name in demand.each)
        yield (
            f"'{demand.name}' asks for {demand.workers} workers with {asked} each, the cluster has room for {room} "
            f"({offered} on {len(nodes)} nodes); add nodes, or lower what '{demand.name}' asks for"
        )


def store_problems(url: str, nodes: Sequence[Node]) -> list[str]:
    """A sentence for every node that cannot use the store, or for which it is another place than for the driver."""
    store = Store(url)
    folder = f".preflight-{uuid.uuid4().hex}"
    try:
        store.check()
    except Mistake as error:
        return [f"driver: {error}"]
    store.write(f"{folder}/driver", b"gleaner")
    try:
        met, failed = ask(visit_store, nodes, lambda node: (store.url, folder, node.id))
        strangers = [node for node in nodes if node.id in met and not (met[node.id] and _has(store, folder, node.id))]
    finally:
        store.remove(folder)
    unusable = [
        f"node {node.name}: store '{url}' cannot be used ({failed[node.id]}); give the node the rights to it, or "
        f"{SHARED_PLACE}"
        for node in nodes
        if node.id in failed
    ]
    elsewhere = [
        f"node {node.name}: store '{url}' is another place there than for the driver; {SHARED_PLACE}"
        for node in strangers
    ]
    return unusable + elsewhere


def visit_store(url: str, folder: str, node_id: str) -> bool:
    """Runs on a node: whether it sees the driver's file; if so, its own file lies beside it. OSError where not."""
    store = Store(url)
    if not _has(store, folder, "driver"):
        return False
    store.write(f"{folder}/{node_id}", b"gleaner")
    return True


def _has(store: Store, folder: str, name: str) -> bool:
    try:
        return store.read(f"{folder}/{name}") == b"gleaner"
    except FileNotFoundError:
        return False


def _demands(prefix: str, part: "ModelRecipe | DatamodelEntry | RegressionEntry") -> Iterator[Demand]:
    yield from _demands_of_corpus(prefix, part.data)
    if isinstance(part, DatamodelEntry):
        yield Demand(f"{prefix}datamodel.features", 1, _asked(part.datamodel.features.resources))
    elif not isinstance(part, RegressionEntry):
        yield Demand(f"{prefix}data.codec", 1, _asked(part.data.codec.resources))
        yield Demand(f"{prefix}training", part.training.workers, _asked(part.training.worker))


def _demands_of_corpus(prefix: str, data: CorpusConfig) -> Iterator[Demand]:
    yield Demand(f"{prefix}data.source", 1, _asked(data.source.resources))
    for name, step in {**thinning(data.source), **data.steps}.items():
        yield Demand(f"{prefix}data.steps.{name}", 1, _asked(step.resources))


def _asked(resources: Resources) -> dict[str, float]:
    """What Ray counts of one worker's resources; a node with GPUs of a kind has one of that kind's resource."""
    kind = {f"{KIND_OF_GPU}{resources.accelerator_type}": 0.001} if resources.accelerator_type else {}
    return {**ray_resources(resources), **kind}


def _told(name: str, amount: float) -> str:
    """So much of one of Ray's resources, as people name it."""
    if name == "memory":
        return f"{amount / 1e9:.4g} GB of memory"
    if name.startswith(KIND_OF_GPU):
        return f"{'a' if amount else 'no'} GPU of kind {name.removeprefix(KIND_OF_GPU)}"
    return f"{amount:g} {name}"


def _fitting(demand: Demand, node: Node) -> int:
    """How many of the workers the node could hold, were it empty."""
    shares = [node.resources.get(name, 0.0) / amount for name, amount in demand.each.items() if amount]
    # Sums of tenths of a CPU can fall short of the whole by the last bit.
    return min([demand.workers, *(int(share + 1e-9) for share in shares)])


def _release(version: str | None) -> str | None:
    """The version without its build tag: CPU and CUDA builds of one release count as the same."""
    return version and version.partition("+")[0]
