"""report.json: what is accepted, and that nothing changes on the way to disk and back."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cluster.report.schema import Arm, BitsPerByte, Curve, Histogram, Plan, Report, SeedResult


def test_round_trip(example: Report, example_file: Path) -> None:
    assert Report.model_validate_json(example_file.read_text(encoding="utf-8")) == example


def test_mean_and_spread_follow_from_the_seeds() -> None:
    seeds = [SeedResult(seed=seed, value=value) for seed, value in enumerate([2.5, 2.2, 2.3])]
    assert BitsPerByte.over(seeds).mean == pytest.approx(7 / 3)
    assert BitsPerByte.over(seeds).spread == pytest.approx(0.3)
    assert BitsPerByte.over(seeds[:1]).spread == 0
    with pytest.raises(ValidationError, match="do not follow from the seeds"):
        BitsPerByte(mean=2.0, spread=0.3, seeds=seeds)


def test_unknown_keys_and_numbers_that_are_none_are_refused(example: Report) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Report.model_validate({**example.model_dump(), "price": 3})
    with pytest.raises(ValidationError, match="finite"):
        SeedResult(seed=1, value=float("nan"))


def test_arms_are_named_apart(example: Report) -> None:
    with pytest.raises(ValidationError, match="named more than once: random"):
        Report.model_validate({**example.model_dump(), "arms": [example.arms[0], example.arms[0]]})


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        (Histogram, {"name": "length", "edges": [0, 1, 2], "counts": [3], "kept": [1]}),
        (Histogram, {"name": "length", "edges": [0, 1, 1], "counts": [3, 1], "kept": [1, 1]}),
        (Histogram, {"name": "length", "edges": [0, 1], "counts": [3], "kept": [4]}),
        (Plan, {"position": [0, 1], "active_share": [1], "mean_bucket": [0, 1]}),
        (
            Curve,
            {
                "seed": 1,
                "tokens": [1, 2],
                "flops": [1, 2],
                "training_loss": [3],
                "held_out_flops": [],
                "held_out_bits_per_byte": [],
            },
        ),
    ],
)
def test_columns_have_to_line_up(record: type[Arm], fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record(**fields)
