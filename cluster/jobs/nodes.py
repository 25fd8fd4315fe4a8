"""Nodes: the machines of the connected cluster, and a question asked on each of them."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

WAIT_SECONDS = 120


@dataclass(frozen=True)
class Node:
    """A machine of the cluster: its id, how people know it, what it offers, and where Ray keeps its files on it."""

    id: str
    name: str
    resources: Mapping[str, float]
    ray_folder: str


def alive_nodes() -> list[Node]:
    """The nodes of the connected cluster that are up, in the order of their names."""
    import ray

    found = [
        Node(
            id=node["NodeID"],
            name=f"{node['NodeManagerAddress']} ({node['NodeID'][:6]})",
            resources=node["Resources"],
            ray_folder=os.path.dirname(node["ObjectStoreSocketName"]),
        )
        for node in ray.nodes()
        if node["Alive"]
    ]
    return sorted(found, key=lambda node: node.name)


def ask(
    function: Callable[..., Any], nodes: Sequence[Node], arguments: Callable[[Node], tuple[Any, ...]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers of `function`, run on every node, by node id; and for the nodes that gave none the reason.

    The task takes no CPU, so a busy node and a head node without CPUs answer as well.
    """
    import ray
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0, max_retries=0)(function)
    asked = {
        node.id: task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False)).remote(
            *arguments(node)
        )
        for node in nodes
    }
    if asked:
        ray.wait(list(asked.values()), num_returns=len(asked), timeout=WAIT_SECONDS)
    answers, failures = {}, {}
    for node_id, reference in asked.items():
        try:
            answers[node_id] = ray.get(reference, timeout=0)
        except RayError as error:
            failures[node_id] = _why(error)
    return answers, failures


@contextmanager
def sent_by_value(module: ModuleType) -> Iterator[None]:
    """What a task takes from the module travels with it, instead of being imported where the task runs."""
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def _why(error: Exception) -> str:
    """Why a node gave no answer, in one line: type and first line of the error, of one inside the task its own."""
    cause = getattr(error, "cause", None) or error
    if isinstance(cause, TimeoutError):
        return f"no answer in {WAIT_SECONDS} seconds; look at it in the dashboard, or take it out of the cluster"
    return f"{type(cause).__name__}: {next(iter(str(cause).splitlines()), '')}"
