"""The records of a run: a file that is damaged or gone is one sentence with the cure, never a shorter curve."""

import json
import re
from pathlib import Path

import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.store.store import Store
from training.engine import metrics


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The folder of a run that has come to step 20."""
    found = Store(str(tmp_path))
    lines = [json.dumps({"step": step, "seconds": step / 10}) + "\n" for step in (10, 20)]
    found.write(metrics.FILE, "".join(lines).encode())
    return found


def test_a_run_goes_on_with_the_records_up_to_its_checkpoint(store: Store) -> None:
    assert [record["step"] for record in metrics.Journal(store, first_step=10).records] == [10]


@pytest.mark.parametrize("content", [b'{"step": 10}\n{"st', b'{"step": 10}\n\xff{"step": 20}\n'])
def test_damaged_records_are_told_with_the_cure(store: Store, content: bytes) -> None:
    store.write(metrics.FILE, content)
    cure = re.escape(f"metrics.jsonl' is cut off or edited; delete '{store.url}' and run the same command again")
    with pytest.raises(Mistake, match=cure):
        metrics.read(store)


def test_a_run_beside_whose_checkpoints_no_records_lie_does_not_go_on(store: Store) -> None:
    store.remove(metrics.FILE)
    with pytest.raises(Mistake, match="has not the records of the 20 steps before; delete"):
        metrics.Journal(store, first_step=20)
    assert metrics.Journal(store, first_step=0).records == []
