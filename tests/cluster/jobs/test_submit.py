"""Submitting: what travels, what is refused before it does, and a log that is shown once."""

import os
import platform
import re
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cluster.jobs.parcel import Parcel
from cluster.jobs.submit import ShownLog, _send, place_warnings, submit, travelling, version_warnings

CONFIG = {
    "name": "small",
    "store": "runs/store",
    "data": {"source": {"kind": "jsonl", "path": "no-such-corpus/*.jsonl"}},
    "evaluation": {"held_out": {"kind": "python_topics", "half": "evaluation"}},
}


def _write(file: Path, tree: dict) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that looks like the repository, with a config in it."""
    _write(tmp_path / "project" / "cluster" / "runs" / "small.yaml", CONFIG)
    (tmp_path / "project" / "cluster" / "run.py").touch()
    return tmp_path / "project"


def parcel(project: Path) -> Parcel:
    return Parcel.of(str(project))


def test_a_config_is_named_from_the_working_dir(project: Path) -> None:
    command = travelling(["data", str(project / "cluster/runs/small.yaml"), "seed=3"], parcel(project))
    assert command == ["data", "cluster/runs/small.yaml", "seed=3"]


def test_arguments_without_a_config_travel_as_they_are(project: Path) -> None:
    assert travelling(["kinds", "filters"], parcel(project)) == ["kinds", "filters"]
    assert travelling(["show", "select-82e5dac4fc51", "--store", "s3://b/s"], parcel(project))[-1] == "s3://b/s"


def test_a_config_outside_of_the_working_dir_is_refused(project: Path, tmp_path: Path) -> None:
    file = _write(tmp_path / "outside.yaml", CONFIG)
    with pytest.raises(ValueError, match="not inside the working dir"):
        travelling(["run", str(file)], parcel(project))


@pytest.mark.parametrize("folder", ["runs", "tests", ".hidden", "cluster/__pycache__"])
def test_a_config_that_stays_behind_is_refused(project: Path, folder: str) -> None:
    file = _write(project / folder / "mine.yaml", CONFIG)
    with pytest.raises(ValueError, match="stays behind"):
        travelling(["run", str(file)], parcel(project))


def test_a_folder_named_runs_inside_a_package_travels(project: Path) -> None:
    file = str(project / "cluster" / "runs" / "small.yaml")
    assert travelling(["run", file], parcel(project))[1].startswith("cluster/runs/")


def test_what_a_config_extends_has_to_travel_too(project: Path, tmp_path: Path) -> None:
    below = _write(tmp_path / "below.yaml", CONFIG)
    relative = os.path.relpath(below, project)
    with pytest.raises(ValueError, match="not inside the working dir"):
        travelling(["run", str(_write(project / "above.yaml", {"extends": relative}))], parcel(project))
    with pytest.raises(ValueError, match="absolute path"):
        travelling(["run", str(_write(project / "above.yaml", {"extends": str(below)}))], parcel(project))
    _write(project / "below.yaml", CONFIG)
    file = _write(project / "above.yaml", {"extends": "below.yaml", "seed": 4})
    assert travelling(["run", str(file)], parcel(project)) == ["run", "above.yaml"]


def test_a_mistake_in_the_config_is_found_before_anything_is_sent(project: Path) -> None:
    with pytest.raises(ValueError, match=r"training\.tokns"):
        submit(
            ["run", str(project / "cluster/runs/small.yaml"), "training.tokns=5"], "http://127.0.0.1:9", str(project)
        )


def test_a_cluster_has_to_be_named_by_a_url(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.delenv("RAY_API_SERVER_ADDRESS", raising=False)
    with pytest.raises(ValueError, match="--address"):
        submit(["kinds"], None, str(project))
    with pytest.raises(ValueError, match="is no URL"):
        submit(["kinds"], "head:8265", str(project))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("store=runs/store", "store 'runs/store' of .* set store=s3://"),
        ("store=/shared/store", "store of .* is '/shared/store': every node of the cluster has to see it there"),
        ("store=s3://b/s", None),
        ("data.source.path=elsewhere/*.jsonl", "data.source.path of .* no such file travels with the job"),
        ("data.source.path=[corpus/*.jsonl, corpus/a.jsonl, corpus]", None),
        ("data.source.path=~/a.jsonl", "data.source.path of .* is '~/a.jsonl': every node"),
        ("data.codec={kind: ac, model: {kind: transformer, model: models/m1}}", "codec.model.model .* no such file"),
        ("data.codec={kind: ac, model: {kind: transformer, model: '@m1'}}", None),
    ],
)
def test_what_the_job_would_not_find_is_told(project: Path, override: str, words: str | None) -> None:
    (project / "corpus").mkdir()
    (project / "corpus" / "a.jsonl").touch()
    (project / "models" / "m1").mkdir(parents=True)
    base = ["store=s3://b/s", "data.source.path=corpus"]
    command = ["run", "cluster/runs/small.yaml", *base, override]
    warnings = list(place_warnings(command, parcel(project)))
    assert len(warnings) == (words is not None)
    assert all(re.search(words or "", warning) for warning in warnings)


@given(st.text(), st.lists(st.integers(0, 30), max_size=6), st.integers(1, 7))
def test_a_log_is_shown_once_however_often_the_connection_breaks(text: str, breaks: list[int], size: int) -> None:
    shown: list[str] = []
    log = ShownLog()
    for end in [*breaks, len(text)]:
        position = 0
        for start in range(0, min(end, len(text)), size):
            chunk = text[start : min(start + size, end)]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("builtins.print", lambda part, **_: shown.append(part))
                position = log.show(chunk, position)
    assert "".join(shown) == text


class _HeadWithoutAgent:
    def submit_job(self, **_: object) -> None:
        raise RuntimeError("Request failed with status code 500: No available agent to submit job")


def test_a_head_node_that_never_takes_a_job_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.jobs.submit.START_SECONDS", 0)
    with pytest.raises(ValueError, match=r"no agent that starts jobs; see dashboard_agent\.log"):
        _send(cast(Any, _HeadWithoutAgent()), "job", "gleaner kinds", {})


def test_another_python_or_ray_of_the_cluster_is_told() -> None:
    import ray

    same = {"Python": f"{platform.python_version()}+", "Ray": ray.__version__}
    assert list(version_warnings(same)) == list(version_warnings({})) == []
    told = list(version_warnings({"Python": "3.9.18", "Ray": "2.9.0"}))
    assert [one.partition(",")[0] for one in told] == ["the cluster runs Python 3.9.18", "the cluster runs Ray 2.9.0"]
    assert told[1].endswith(f"give the cluster's image Ray {ray.__version__}")
