"""How a run is found by its name."""

import os
from pathlib import Path

import pytest

from cluster.names import config_file, record


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
