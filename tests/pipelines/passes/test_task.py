"""A piece of work in a task of its own: its answer, its mistakes, and what Ray is asked for."""

import os
from pathlib import Path

import pytest

from pipelines.contracts.mistakes import Mistake
from pipelines.contracts.rows import Resources
from pipelines.passes.task import in_task, ray_options


def test_the_answer_comes_from_another_process(ray_session: None) -> None:
    def answer(number: int, more: int) -> tuple[int, int]:
        return number + more, os.getpid()

    total, process = in_task(Resources(), answer, 2, more=3)
    assert total == 5
    assert process != os.getpid()


def test_its_mistakes_arrive_as_they_are(ray_session: None) -> None:
    def refuse() -> None:
        raise Mistake("give another folder")

    def look() -> str:
        return Path("/nowhere/at/all").read_text()

    with pytest.raises(Mistake, match=r"^give another folder$"):
        in_task(Resources(cpus=0.5), refuse)
    with pytest.raises(Mistake, match=r"^could not read or write: .*/nowhere/at/all"):
        in_task(Resources(), look)


def test_ray_is_asked_for_what_is_stated_and_for_no_more() -> None:
    assert ray_options(Resources()) == {"num_cpus": 1.0, "num_gpus": 0.0}
    assert ray_options(Resources(2.0, 0.5, memory_gb=1.5, accelerator_type="L4")) == {
        "num_cpus": 2.0,
        "num_gpus": 0.5,
        "memory": 1_500_000_000,
        "accelerator_type": "L4",
    }
