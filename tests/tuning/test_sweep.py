"""Whole sweeps with Ray Tune: trials share the store, the best can be found again, a killed sweep goes on."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import RayTaskError

from cluster.report.sweep import best, page, text_table
from pipelines.build import data_addresses
from pipelines.contracts.mistakes import Mistake
from pipelines.store.manifest import Manifest
from pipelines.store.store import Store
from training.execution import execute
from training.recipe import Recipe
from training.results import Trained
from tuning.config import TuningConfig
from tuning.results import Swept
from tuning.space import overridden
from tuning.sweep import _raise_failures, check_sweep, sweep

FRACTION = "data.steps.chosen.selector.fraction"
START = "training.curriculum.start_share"
TRIALS = 2


def config(**changes: Any) -> TuningConfig:
    space = {FRACTION: {"uniform": [0.3, 0.9]}, START: {"uniform": [0.1, 1.0]}}
    return TuningConfig.model_validate({"trials": TRIALS, "space": space, "reduction": 2} | changes)


def written(store: Store, step: str) -> dict[str, float]:
    """The finished addresses of a step and when their manifests were written."""
    files = Path(store.url).glob(f"{step}-*/manifest.json")
    return {file.parent.name: file.stat().st_mtime for file in files}


def assert_whole(manifest: Manifest) -> None:
    trials = manifest.details_as(Swept).trials
    assert [trial.number for trial in trials] == list(range(1, TRIALS + 1))
    finished = [trial for trial in trials if trial.state == "finished"]
    assert manifest.counts["finished"] == len(finished) >= 1
    assert best(manifest).bits_per_byte == min(trial.bits_per_byte for trial in finished)
    for trial in trials:
        assert 0 < trial.bits_per_byte < 20
        assert 0.3 <= trial.values[FRACTION] <= 0.9
        shares = [share for share, _ in trial.curve]
        assert shares == sorted(shares)
        assert trial.share == 1.0 or (trial.share < 1.0 and trial.state == "stopped")


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_trials_at_the_same_time_share_the_store_and_the_best_is_in_it(tiny: Recipe, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    manifest = sweep(tiny, config(concurrent=2), store)
    assert_whole(manifest)

    scored = written(store, "size")
    assert len(scored) == 1
    assert len([part for part in (tmp_path / "store" / next(iter(scored))).iterdir() if part.is_dir()]) == 2
    assert 1 <= len(written(store, "chosen")) <= TRIALS

    winner = best(manifest)
    before = written(store, "train")
    again = execute(overridden(tiny, winner.values), store)
    assert again.evaluation.address == winner.addresses["evaluate"]
    assert again.bits_per_byte == winner.bits_per_byte
    assert again.training.details_as(Trained).held_out_bits_per_byte == [bits for _, bits in winner.curve]
    assert written(store, "train") == before

    assert sweep(tiny, config(), store) == manifest
    assert not (tmp_path / "store" / manifest.address / "tune").exists()
    assert str(winner.number) in text_table(manifest).splitlines()[1].split()
    assert manifest.address in page(manifest, "tiny")


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_models_that_the_data_needs_are_trained_once_for_all_trials(tiny: Recipe, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    tree = tiny.model_dump(mode="json", serialize_as_any=True)
    source, training = tree["data"]["source"], {"tokens": 1024, "batch_tokens": 512, "threads": 1}
    data = {"source": source, "codec": {"kind": "bytes"}, "pack": {"length": 64}}
    tree["models"] = {
        "proxy": {"data": data, "training": {**training, "model": {"kind": "llama", "layers": 1}}},
        "m1": {"data": data, "training": {**training, "model": {"kind": "byte_transformer", "size": "200k"}}},
    }
    tree["data"]["steps"]["size"]["scorer"] = {"kind": "proxy_loss", "model": "@proxy", "context": 64, "stride": 32}
    tree["data"]["codec"] = {
        "kind": "equal_info_dense",
        "entries": 300,
        "model": {"kind": "transformer", "model": "@m1"},
    }
    tree["training"]["tokens"] = 512
    recipe = Recipe.model_validate(tree)
    check_sweep(recipe, config(trials=2))
    manifest = sweep(recipe, config(trials=2, space={FRACTION: {"choice": [0.5, 0.8]}}), store)
    assert {trial.state for trial in manifest.details_as(Swept).trials} == {"finished"}
    assert len(written(store, "size")) == 1  # the proxy's scores: one for all trials
    fractions = {trial.values[FRACTION] for trial in manifest.details_as(Swept).trials}
    assert len(written(store, "train")) == 2 + len(fractions)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_killed_sweep_goes_on_and_does_not_repeat_what_is_finished(tiny: Recipe, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    (tmp_path / "base.json").write_text(tiny.model_dump_json(serialize_as_any=True), encoding="utf-8")
    log = (tmp_path / "driver.log").open("w")
    driver = subprocess.Popen([sys.executable, __file__, str(tmp_path)], stdout=log, stderr=log)
    wait_for(lambda: len(written(store, "evaluate")) == 1 and len(list(Path(store.url).glob("train-*"))) == 2, driver)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    trained, measured = written(store, "train"), written(store, "evaluate")
    assert not written(store, "sweep")

    manifest = sweep(tiny, config(), store)
    assert_whole(manifest)
    assert {address: written(store, "train")[address] for address in trained} == trained
    assert set(measured) <= {trial.addresses.get("evaluate") for trial in manifest.details_as(Swept).trials}
    assert len(list(Path(store.url).glob("train-*"))) <= TRIALS  # what the lost trial had begun was drawn again


def test_what_trials_failed_of_is_told_once_and_without_the_advice_of_ray_data() -> None:
    advice = RuntimeError("no such word\nTo change retry attempts, backoff, or which errors are retried, configure")
    fault = RayTaskError("execute", "stack", advice)
    errors = [RayTaskError("run", "stack", fault), fault, RayTaskError("run", "stack", Mistake("disk full")), None]
    grid: Any = [SimpleNamespace(path=f"trial-{place}", error=error) for place, error in enumerate(errors)]
    words = re.escape("3 of 4 trials failed (RuntimeError: no such word; disk full); mend the cause")
    with pytest.raises(Mistake, match=f"^{words}.*trial-0/error.txt$"):
        _raise_failures(grid, config(trials=4))


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_sweep_whose_trials_failed_goes_on_when_the_cause_is_mended(tiny: Recipe, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    one = config(trials=1, space={FRACTION: {"choice": [0.5, 0.8]}})
    blocked = [
        tmp_path / "store" / data_addresses(overridden(tiny, {FRACTION: fraction}).data, tiny.seed)["chosen"]
        for fraction in (0.5, 0.8)
    ]
    blocked[0].parent.mkdir()
    for file in blocked:
        file.touch()  # no folder can be made there
    words = r"1 of 1 trials failed \(NotADirectoryError: .*chosen.*give the same command again.*/error\.txt$"
    with pytest.raises(Mistake, match=words) as told:
        sweep(tiny, one, store)

    assert Path(str(told.value).rpartition(" is in ")[2]).exists()
    for file in blocked:
        file.unlink()
    manifest = sweep(tiny, one, store)
    assert [trial.state for trial in manifest.details_as(Swept).trials] == ["finished"]
    assert not (tmp_path / "store" / manifest.address / "trials").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_trial_that_diverges_counts_and_the_sweep_ends(tiny: Recipe, tmp_path: Path) -> None:
    space = {"training.learning_rate": {"choice": [0.003, 1e30]}}
    manifest = sweep(tiny, config(space=space, grace_share=1.0), Store(str(tmp_path / "store")))
    ends = {trial.values["training.learning_rate"]: trial.state for trial in manifest.details_as(Swept).trials}
    assert ends == {0.003: "finished", 1e30: "diverged"}
    assert best(manifest).values == {"training.learning_rate": 0.003}
    assert "diverged at 100 %" in text_table(manifest)


def wait_for(happened: Any, driver: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 300
    while not happened():
        assert driver.poll() is None, "the sweep ended before it could be killed"
        assert time.monotonic() < deadline, "the sweep did not come so far"
        time.sleep(0.05)


def main(folder: str) -> None:
    """The driver that is killed: the same sweep over the same store."""
    import ray

    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    base = Recipe.model_validate_json(Path(folder, "base.json").read_text(encoding="utf-8"))
    sweep(base, config(), Store(str(Path(folder, "store"))))
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
