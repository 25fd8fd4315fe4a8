"""TrainingConfig: what it derives, and what it refuses with a sentence that says what to do."""

import pytest
from pydantic import ValidationError

from training.config import TrainingConfig


def test_it_is_usable_with_defaults_and_survives_a_round_trip() -> None:
    config = TrainingConfig()
    assert TrainingConfig.model_validate(config.model_dump(mode="json")) == config


def test_kinds_are_resolved_and_unknown_keys_refused() -> None:
    config = TrainingConfig.model_validate({"model": {"kind": "llama", "layers": 3}, "curriculum": "easy_first"})
    assert config.model.kind == "llama"
    assert config.curriculum.kind == "easy_first"
    with pytest.raises(ValidationError, match="known: easy_first, uniform"):
        TrainingConfig.model_validate({"curriculum": {"kind": "hard_first"}})
    with pytest.raises(ValidationError, match="learning_rat"):
        TrainingConfig.model_validate({"learning_rat": 1})


def test_steps_and_micro_batches_follow_from_tokens() -> None:
    config = TrainingConfig(tokens=10_000, batch_tokens=1_024, workers=2, micro_batch_sequences=2)
    assert config.batch_sequences(128) == 8
    assert config.micro_batch(128) == 2
    assert config.steps(128) == 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workers": 3}, "choose workers that divide 8"),
        ({"micro_batch_sequences": 3}, "choose a divisor of 8"),
        ({"batch_tokens": 100}, "raise batch_tokens"),
    ],
)
def test_a_batch_that_does_not_divide_is_refused(changes: dict[str, int], message: str) -> None:
    config = TrainingConfig.model_validate({"tokens": 10_000, "batch_tokens": 1_024} | changes)
    with pytest.raises(ValueError, match=message):
        config.batch_sequences(128)


def test_shares_that_overlap_are_refused() -> None:
    with pytest.raises(ValidationError, match="make their sum at most 1"):
        TrainingConfig(schedule="wsd", warmup_share=0.5, decay_share=0.6)
    with pytest.raises(ValidationError, match="train on more tokens"):
        TrainingConfig(tokens=10)
