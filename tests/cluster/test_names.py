"""What a run may be called, and how it is found by its name."""

import os
from pathlib import Path

import pytest

from cluster.names import checked_name, config_file, record


@pytest.mark.parametrize("name", ["mine", "b16-256", "2026-11-26", "a.b", "café", "my run", "_x", "x" * 100])
def test_a_folders_name_is_a_runs_name(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../../x",
        "team/run1",
        "a\\b",
        "a\0b",
        " x",
        "x ",
        ".hidden",
        "-x",
        "a\nb",
        "x" * 101,
        "é" * 51,
        "a:b",
    ],
)
def test_what_cannot_be_a_folder_of_its_own_is_refused_with_the_cure(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a run, whose folder gets the name; choose letters"):
        checked_name(name)


def test_the_newest_run_of_a_name_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    record(Path("runs/b"), [("mine", "name: mine"), ("random", "name: random")])
    record(Path("runs/a"), [("mine", "name: mine")])
    os.utime("runs/b/mine.yaml", (1, 1))
    assert config_file("mine") == "runs/a/mine.yaml"
    assert config_file("random") == "runs/b/random.yaml"
    assert config_file("any.yaml") == "any.yaml"
    with pytest.raises(ValueError, match=r"there is no runs/\*/mnie.yaml\); did you mean 'mine'\?"):
        config_file("mnie")
