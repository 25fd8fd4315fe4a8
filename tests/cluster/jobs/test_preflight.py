"""Preflight: each kind of problem, and a cluster of two nodes on which they are real."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cluster.jobs.node_facts import PACKAGES, contents, digest, look
from cluster.jobs.nodes import Node
from cluster.jobs.preflight import (
    Demand,
    Sight,
    build_problems,
    demands,
    differences,
    disk_problems,
    needed_paths,
    room_problems,
)

CLUSTER_SECONDS = 300
TWO_NODES = """
import json, os, sys
import ray
from ray.cluster_utils import Cluster
from cluster.config import load
from cluster.jobs.preflight import preflight

file, elsewhere, impostor = sys.argv[1:]
head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80 << 20}
cluster = Cluster(initialize_head=True, head_node_args=head)
cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
os.chdir(elsewhere)

def problems(*overrides, runtime_env=None):
    return preflight(load(file, overrides))

proxy = "data.steps.proxy={kind: score, scorer: {kind: proxy_loss, model: model}}"
ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
found = {
    "sound": problems(),
    "relative places": problems("store=store", "data.source.path=corpus.jsonl", proxy),
    "private store": problems("store=memory://store"),
    "forbidden store": problems("store=/proc/store"),
    "gpus": problems("training.gpus=1"),
}
ray.shutdown()
ray.init(
    address=cluster.address, log_to_driver=False, logging_level="error", runtime_env={"working_dir": impostor}
)
found["other code"] = problems()
ray.shutdown()
cluster.shutdown()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def config_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's config that needs one CPU, with its corpus and store by absolute paths."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "corpus.jsonl").write_text('{"text": "One small document."}\n', encoding="utf-8")
    corpus = {"kind": "jsonl", "path": str(folder / "corpus.jsonl")}
    tree = {
        "name": "small",
        "store": str(folder / "store"),
        "data": {"source": corpus, "steps": {"dedup": {"kind": "dedup_exact"}}},
        "evaluation": {"held_out": corpus},
    }
    file = folder / "run.yaml"
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def found(config_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The problems of each situation on a real cluster of two nodes, in a process of its own."""
    start, elsewhere, impostor = (tmp_path_factory.mktemp(name) for name in ("start", "elsewhere", "impostor"))
    (elsewhere / "model").mkdir()
    (elsewhere / "model" / "model.safetensors").write_bytes(b"weights")
    (elsewhere / "corpus.jsonl").write_text('{"text": "Another small document."}\n', encoding="utf-8")
    (impostor / "cluster").mkdir()
    (impostor / "cluster" / "__init__.py").write_text('"""Another package of this name."""\n', encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    result = subprocess.run(
        [sys.executable, "-c", TWO_NODES, str(config_file), str(elsewhere), str(impostor)],
        cwd=start,
        env={**kept, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"},
        capture_output=True,
        text=True,
        timeout=CLUSTER_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.process
def test_a_sound_cluster_has_no_problem_and_keeps_no_probe(found: dict[str, list[str]], config_file: Path) -> None:
    assert found["sound"] == []
    assert [file.name for file in (config_file.parent / "store").iterdir()] == []


@pytest.mark.process
def test_a_store_that_is_another_place_on_the_nodes_is_told_for_each(found: dict[str, list[str]]) -> None:
    assert len(found["private store"]) == 2
    assert all("store 'memory://store' is another place there" in problem for problem in found["private store"])
    assert all("s3://" in problem for problem in found["private store"])


@pytest.mark.process
def test_a_store_that_cannot_be_written_is_told(found: dict[str, list[str]]) -> None:
    assert any("/proc/store" in problem and "set 'store'" in problem for problem in found["forbidden store"])


@pytest.mark.process
def test_relative_places_are_those_of_the_driver(found: dict[str, list[str]]) -> None:
    assert found["relative places"] == []


@pytest.mark.process
def test_missing_gpus_are_told_once(found: dict[str, list[str]]) -> None:
    (problem,) = found["gpus"]
    assert "'training' asks for 1 workers with 1 CPU and 1 GPU each, the cluster has room for 0" in problem


@pytest.mark.process
def test_other_code_under_our_names_is_told(found: dict[str, list[str]]) -> None:
    assert len(found["other code"]) == 2
    assert all("package 'cluster' comes from" in problem for problem in found["other code"])
    assert all("gleaner submit" in problem for problem in found["other code"])


def _sight() -> Sight:
    return Sight(
        folders=dict.fromkeys(PACKAGES, "/code"),
        digests=dict.fromkeys(PACKAGES, "1"),
        versions={"ray": "2.60.0", "torch": "2.13.0+cpu"},
        contents={"/models/proxy": "3 files of 10 bytes"},
        disk="/disk",
        free_bytes=50,
        total_bytes=100,
    )


def test_equal_sights_do_not_differ() -> None:
    assert list(differences(_sight(), _sight())) == []
    assert list(disk_problems(_sight())) == []


def test_builds_of_one_release_are_the_same_version_and_releases_are_not() -> None:
    cuda = dataclasses.replace(_sight(), versions={"ray": "2.60.0", "torch": "2.13.0+cu130"})
    assert list(differences(_sight(), cuda)) == []
    other = dataclasses.replace(_sight(), versions={"ray": None, "torch": "2.12.1"})
    ray, torch = differences(_sight(), other)
    assert ray.startswith("ray is not installed, the driver has 2.60.0")
    assert torch.startswith("torch is 2.12.1")


def test_a_missing_package_is_told() -> None:
    folders = {**_sight().folders, "tuning": None}
    digests = {**_sight().digests, "tuning": None}
    (problem,) = differences(_sight(), dataclasses.replace(_sight(), folders=folders, digests=digests))
    assert "package 'tuning' is missing" in problem


def test_a_model_folder_that_only_the_driver_has_is_told() -> None:
    (problem,) = differences(_sight(), dataclasses.replace(_sight(), contents={"/models/proxy": None}))
    assert "'/models/proxy' holds nothing, the driver sees 3 files of 10 bytes" in problem


def test_a_full_disk_is_told() -> None:
    (problem,) = disk_problems(dataclasses.replace(_sight(), free_bytes=4))
    assert "the disk of /disk" in problem


def test_a_cpu_build_on_a_gpu_node_is_told_only_where_gpus_are_asked_for() -> None:
    node = Node("1", "a", {"CPU": 8.0, "GPU": 1.0}, "/disk")
    assert list(build_problems(node, _sight(), False)) == []
    assert "gleaner-lm[gpu]" in next(build_problems(node, _sight(), True))


@pytest.mark.parametrize(("workers", "fits"), [(6, True), (7, False)])
def test_workers_have_to_fit_whole_onto_nodes(workers: int, fits: bool) -> None:
    nodes = [Node("1", "a", {"CPU": 3.0, "GPU": 2.0}, ""), Node("2", "b", {"CPU": 9.0, "GPU": 1.5}, "")]
    asked = Demand("training", workers, {"CPU": 1.0, "GPU": 0.5})
    assert (list(room_problems(asked, nodes)) == []) == fits


def test_memory_and_the_kind_of_gpu_are_told_as_people_name_them() -> None:
    asked = Demand("training", 1, {"CPU": 1.0, "memory": 8e9, "accelerator_type:A100": 0.001})
    here = Node("1", "a", {"CPU": 4.0, "memory": 4e9, "accelerator_type:L4": 1.0}, "")
    (problem,) = room_problems(asked, [here])
    assert "asks for 1 workers with 1 CPU and 8 GB of memory and a GPU of kind A100 each" in problem
    assert "(4 CPU, 4 GB of memory, no GPU of kind A100 on 1 nodes)" in problem


def test_tenths_add_up() -> None:
    assert list(room_problems(Demand("step", 3, {"CPU": 0.1, "GPU": 0.0}), [Node("1", "a", {"CPU": 0.3}, "")])) == []


def test_the_demands_are_those_of_the_config(config_file: Path) -> None:
    from cluster.config import load

    more = ["training.memory_gb=2", "training.accelerator_type=A100"]
    config = load(str(config_file), ["training.workers=4", "training.gpus=0.5", *more])
    wanted = {demand.name: demand for demand in demands(config)}
    each = {"CPU": 1.0, "GPU": 0.5, "memory": 2e9, "accelerator_type:A100": 0.001}
    assert wanted["training"] == Demand("training", 4, each)
    assert {"data.source", "data.steps.dedup"} <= wanted.keys()
    assert needed_paths(config) == [str(config_file.parent / "corpus.jsonl")]


def test_a_validation_demands_its_workers_and_its_model(config_file: Path, tmp_path: Path) -> None:
    from cluster.config import load

    (tmp_path / "model").mkdir()
    given = [f"validation.model={tmp_path / 'model'}", "validation.gpus=1", "validation.workers=3"]
    config = load(str(config_file), given)
    wanted = {demand.name: demand for demand in demands(config)}
    assert wanted["validation"] == Demand("validation", 1, {"CPU": 1.0, "GPU": 1.0})
    assert str(tmp_path / "model") in needed_paths(config)
    assert "validation" not in {demand.name for demand in demands(load(str(config_file)))}


def test_every_node_has_to_see_what_targets_tasks_and_held_out_sets_are_read_from(tmp_path: Path) -> None:
    from cluster.config import validate

    def written(name: str) -> str:
        (tmp_path / name).write_text('{"text": "One."}\n', encoding="utf-8")
        return str(tmp_path / name)

    def task(name: str) -> dict[str, str]:
        return {"kind": "completion", "name": "sums", "path": written(name)}

    source = {"kind": "jsonl", "path": written("corpus.jsonl")}
    half = {"kind": "task", "task": task("dropped.jsonl"), "half": "held_out"}
    datamodel = {"models": ["@proxy"], "targets": {"a": {"task": task("target.jsonl")}}}
    steps = {
        "safe": {"kind": "decontaminate", "against": {"a": half}},
        "helpful": {"kind": "score", "scorer": {"kind": "datamodel", "model": "@helpful"}},
    }
    tree = {
        "name": "asked",
        "models": {
            "proxy": {"data": {"source": source}},
            "helpful": {"data": {"source": source}, "datamodel": datamodel},
        },
        "data": {"source": source, "steps": steps},
        "evaluation": {
            "held_out": {"kind": "jsonl", "path": written("held-out.jsonl")},
            "tasks": {"b": task("asked.jsonl"), "c": {"kind": "paper", "task": "copa", "path": written("copa.jsonl")}},
        },
    }
    names = ["asked", "copa", "corpus", "dropped", "held-out", "target"]
    assert needed_paths(validate(tree, "test")) == [str(tmp_path / f"{name}.jsonl") for name in names]


def test_a_digest_sees_code_and_package_data_but_no_caches_and_configs(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "code.py").write_text("one", encoding="utf-8")
    first = digest(tmp_path)
    for unimportant in ("__pycache__/code.pyc", "run.yaml", ".hidden"):
        (tmp_path / unimportant).write_text("x", encoding="utf-8")
    assert digest(tmp_path) == first
    (tmp_path / "words.txt").write_text("x", encoding="utf-8")
    second = digest(tmp_path)
    (tmp_path / "code.py").write_text("two", encoding="utf-8")
    assert len({first, second, digest(tmp_path)}) == 3


def test_contents_are_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert contents(tmp_path / "file") == "5 bytes"
    assert contents(tmp_path) == "1 files of 5 bytes"
    assert contents(tmp_path / "nothing") is None


def test_the_driver_sees_itself(tmp_path: Path) -> None:
    here = Sight(**look([str(tmp_path)], str(tmp_path)))
    assert all(here.digests.values())
    assert here.versions["ray"] == "2.60.0"
    assert 0 < here.free_bytes < here.total_bytes
