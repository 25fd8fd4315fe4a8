"""Whole training runs under Ray Train: the same result with other workers, after a killed worker, a killed driver."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray.train import UserCallback

from pipelines.contracts.codec import Coder
from pipelines.contracts.mistakes import Mistake
from pipelines.packing.packed import Packed
from pipelines.store.store import Store, digest
from training.config import TrainingConfig
from training.contracts import HeldOut
from training.engine import checkpoint, metrics
from training.engine.train import TrainingResult, train
from training.measures.bits_per_byte import evaluate
from training.networks.export import open_folder

pytestmark = pytest.mark.usefixtures("ray_session")

STEPS = 400
CONFIG = {
    "model": {"kind": "llama", "layers": 2, "hidden": 64},
    "curriculum": {"kind": "easy_first"},
    "tokens": STEPS * 256,
    "batch_tokens": 256,
    "learning_rate": 3e-3,
    "checkpoint_every_steps": 100,
    "evaluate_every_steps": 100,
    "threads": 1,
}
TEXTS = ["abcabc", "the quick brown fox jumps over the lazy dog again and again until the end", "é"]


class Letters(Coder):
    """Bytes modulo 63 and one; not invertible, which nothing here needs."""

    vocab_size = 64
    end = 0

    def encode(self, texts: list[str]) -> list[np.ndarray]:  # type: ignore[override]
        return [np.frombuffer(text.encode(), dtype=np.uint8).astype(np.uint32) % 63 + 1 for text in texts]


HELD_OUT = HeldOut(tuple(Letters().encode(TEXTS)), sum(len(text.encode()) for text in TEXTS))


def run(packed: Packed, folder: Path, **changes: object) -> TrainingResult:
    return train(packed, {}, TrainingConfig.model_validate(CONFIG | changes), HELD_OUT, str(folder))


@pytest.fixture(scope="session")
def baseline(ray_session: None, packed: Packed, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    """One worker, ZeRO stage 0, undisturbed."""
    return run(packed, tmp_path_factory.mktemp("runs") / "baseline")


def same(result: TrainingResult, baseline: TrainingResult, rtol: float) -> None:
    np.testing.assert_allclose(result.loss_curve, baseline.loss_curve, rtol=rtol)
    np.testing.assert_allclose(
        result.held_out_bits_per_byte_curve, baseline.held_out_bits_per_byte_curve, rtol=rtol, equal_nan=True
    )
    assert np.array_equal(result.step_curve, np.arange(1, STEPS + 1))


def test_a_run_learns_and_leaves_what_it_promises(baseline: TrainingResult) -> None:
    assert baseline.loss_curve[0] == pytest.approx(np.log(64), rel=0.1)
    assert baseline.final_loss < 0.6 * baseline.loss_curve[0]
    assert baseline.steps == STEPS
    assert baseline.tokens == STEPS * 256
    folder = Path(baseline.folder)
    assert len(np.load(folder / "plan.npy")) == STEPS * 8
    record = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    assert record["tokens_per_second"] > 0
    assert 0 <= record["data_wait_share"] < 0.5
    assert record["flops"] == baseline.flops
    assert checkpoint.complete_steps(Store(str(folder))) == [300, 400]
    assert not (folder / "ray").exists()


def test_the_exported_model_loads_and_measures_as_it_did_in_training(baseline: TrainingResult) -> None:
    network = open_folder(f"{baseline.folder}/model", Letters.vocab_size)
    objective = TrainingConfig.model_validate(CONFIG).objective
    text_bytes = np.array([len(text.encode()) for text in TEXTS])
    measured = evaluate(network, objective, Letters().encode(TEXTS), text_bytes, ["a", "b", "a"])
    assert measured.whole.bits_per_byte == pytest.approx(baseline.held_out_bits_per_byte_curve[-1], rel=1e-5)
    assert measured.genres["a"].nats + measured.genres["b"].nats == pytest.approx(measured.whole.nats)


def test_a_run_goes_on_from_the_weights_of_another(packed: Packed, baseline: TrainingResult, tmp_path: Path) -> None:
    start = f"{baseline.folder}/model"
    further = run(packed, tmp_path / "further", start=start, tokens=2 * 256, learning_rate=1e-9)
    assert further.held_out_bits_per_byte_curve[-1] == pytest.approx(
        baseline.held_out_bits_per_byte_curve[-1], rel=1e-4
    )
    assert further.loss_curve[0] < 0.7 * baseline.loss_curve[0]
    assert further.steps == 2
    wider = {"kind": "llama", "layers": 2, "hidden": 128}
    with pytest.raises(
        Mistake, match=r"training.start .* parameters, the model to train .*; go on with the same model"
    ):
        run(packed, tmp_path / "wider", start=start, model=wider)


def test_two_workers_and_zero_stage_2_change_nothing(packed: Packed, baseline: TrainingResult, tmp_path: Path) -> None:
    same(run(packed, tmp_path / "run", workers=2, zero_stage=2, micro_batch_sequences=2), baseline, rtol=1e-3)


def test_a_killed_worker_costs_no_more_than_the_steps_since_the_checkpoint(
    packed: Packed, baseline: TrainingResult, tmp_path: Path
) -> None:
    killed = threading.Event()
    folder = tmp_path / "run"
    watcher = threading.Thread(target=kill_worker_at_checkpoint, args=(folder, killed))
    watcher.start()
    result = run(packed, folder)
    watcher.join()
    assert killed.is_set()
    same(result, baseline, rtol=1e-6)


def test_a_mistake_that_a_worker_finds_ends_the_run_at_once(packed: Packed, tmp_path: Path) -> None:
    class Damaged(Packed):
        def rows(self, indices: Any) -> Any:
            raise Mistake("a shard is damaged; build it again")

    class Noted(UserCallback):
        def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
            (tmp_path / f"failed-{time.time_ns()}").touch()

    damaged = Damaged(**vars(packed))
    with pytest.raises(Mistake, match="a shard is damaged; build it again"):
        train(damaged, {}, TrainingConfig.model_validate(CONFIG), None, str(tmp_path / "run"), [Noted()])
    assert len(list(tmp_path.glob("failed-*"))) == 1


def test_a_killed_driver_is_taken_up_by_the_same_command(
    packed: Packed, baseline: TrainingResult, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    log = (tmp_path / "driver.log").open("w")
    driver = subprocess.Popen([sys.executable, __file__, packed.store.url, str(folder)], stdout=log, stderr=log)
    try:
        wait_for_checkpoint(folder, lambda: driver.poll() is None)
    finally:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
    wait_until_quiet(folder)
    steps = checkpoint.complete_steps(Store(str(folder)))
    assert 0 < steps[-1] < STEPS
    same(run(packed, folder), baseline, rtol=1e-6)


def test_a_broken_off_run_goes_on_with_other_workers(packed: Packed, baseline: TrainingResult, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(baseline.folder, folder)
    shutil.rmtree(folder / "checkpoints" / "step-00000400")
    shutil.rmtree(folder / "model")
    same(run(packed, folder, workers=2, zero_stage=3), baseline, rtol=1e-3)
    assert (folder / "model" / "model.safetensors").exists()
    assert len(metrics.read(Store(str(folder)))) == STEPS


def wait_for_checkpoint(folder: Path, alive: Callable[[], bool] = lambda: True) -> None:
    deadline = time.monotonic() + 300
    while not list(folder.glob("checkpoints/*/complete.json")):
        assert alive(), (folder.parent / "driver.log").read_text()
        assert time.monotonic() < deadline, "no checkpoint was written"
        time.sleep(0.01)


def wait_until_quiet(folder: Path) -> None:
    """The workers of a killed driver end a moment after it."""
    files = None
    while files != (files := sorted(path for path in folder.rglob("*"))):
        time.sleep(2)


def kill_worker_at_checkpoint(folder: Path, killed: threading.Event) -> None:
    wait_for_checkpoint(folder)
    for pid in descendants(os.getpid()):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if "RayTrainWorker" in Path(f"/proc/{pid}/cmdline").read_text():
                os.kill(pid, signal.SIGKILL)
                killed.set()


def descendants(pid: int) -> list[int]:
    """All processes below this one that are still there when they are looked at."""
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread may end meanwhile
            children += map(int, (task / "children").read_text().split())
    return children + [each for child in children for each in descendants(child)]


def main(store: str, folder: str) -> None:
    """The driver that is killed: the same run over the same data."""
    import ray

    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    files = tuple(f"packed/part-{shard}.arrow" for shard in range(3))
    checksums = tuple(digest(Store(store).read(file)) for file in files)
    run(Packed(Store(store), "packed", files, (40,) * 3, checksums, 32, 64, 0, 1, 1), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
