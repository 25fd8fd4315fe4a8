"""What the command line makes of its arguments."""

from pathlib import Path

import pytest

from cluster.run import compare
from pipelines.contracts.mistakes import Mistake

RUN = str(Path(__file__).resolve().parents[2] / "cluster/runs/quickstart/random.yaml")


def test_what_the_shell_cut_off_an_override_is_no_file_to_compare() -> None:
    with pytest.raises(Mistake, match=r"put quotes around 'data\.source\.path=a b'"):
        compare([RUN, "data.source.path=a", "b"], out="unused")
