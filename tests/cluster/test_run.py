"""What the command line makes of its arguments."""

from pathlib import Path

import pytest

from cluster.run import compare
from pipelines.contracts.mistakes import Mistake

RUN = str(Path(__file__).resolve().parents[2] / "cluster/runs/quickstart/random.yaml")


def test_what_the_shell_cut_off_an_override_is_no_file_to_compare() -> None:
    with pytest.raises(Mistake, match=r"put quotes around 'data\.source\.path=a b'"):
        compare([RUN, "data.source.path=a", "b"], out="unused")


@pytest.mark.parametrize("budgets", ["0.5,0.5", "1,2", "0", "-1", "inf", "nan"])
def test_budgets_are_other_multiples_than_one(budgets: str) -> None:
    with pytest.raises(Mistake, match=rf"--budgets '{budgets}' has one twice, or 1 \(the arm itself\)"):
        compare([RUN], out="unused", budgets=budgets)


def test_budgets_are_numbers() -> None:
    with pytest.raises(Mistake, match="--budgets 'half' is not numbers"):
        compare([RUN], out="unused", budgets="half")
