"""TrainingConfig: what it derives, and what it refuses with a sentence that says what to do."""

import dataclasses
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import ValidationError

from pipelines.packing.packed import Packed
from pipelines.store.address import ingredients
from training.config import TrainingConfig
from training.contracts import Objective, Reading
from training.engine.train import train


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


class BothSides(Objective):
    """An objective for models that see the whole sequence."""

    reads: ClassVar[Reading] = "both sides"


def test_a_model_that_does_not_read_as_its_objective_has_it_told_is_refused() -> None:
    assert TrainingConfig().objective.kind == "causal"
    with pytest.raises(ValidationError, match=r"'llama' reads left to right, .* read both sides; set `objective` to"):
        TrainingConfig(objective=BothSides())


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
        ({"batch_tokens": 1_000}, "no whole number of sequences of 128 tokens; .* 896 and 1024"),
        ({"batch_tokens": 1_000, "workers": 3}, "for 3 workers: 768 and 1152"),
        ({"batch_tokens": 200, "workers": 2}, "for 2 workers: 256"),
    ],
)
def test_a_batch_that_does_not_divide_is_refused(changes: dict[str, int], message: str) -> None:
    config = TrainingConfig.model_validate({"tokens": 10_000, "batch_tokens": 1_024} | changes)
    with pytest.raises(ValueError, match=message):
        config.batch_sequences(128)


@pytest.mark.parametrize("given", [{}, {"tokens": 9_000}, {"text_bytes": 30_000}, {"tokens": None, "text_bytes": 3}])
def test_a_run_is_as_long_as_tokens_or_text(given: dict[str, int | None]) -> None:
    config = TrainingConfig.model_validate(given)
    assert config.tokens == given.get("tokens", None if "text_bytes" in given else 2_000_000)
    assert config.text_bytes == given.get("text_bytes")
    assert TrainingConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize("given", [{"tokens": None}, {"text_bytes": None}, {"tokens": 9_000, "text_bytes": 30_000}])
def test_a_run_of_both_lengths_or_none_is_refused(given: dict[str, int | None]) -> None:
    with pytest.raises(ValidationError, match="give one of them, and null for the other"):
        TrainingConfig.model_validate(given)


def test_the_tokens_of_a_text_follow_from_the_packed_data(packed: Packed) -> None:
    assert packed.text_bytes == 3 * packed.tokens
    given = TrainingConfig(text_bytes=30_000, batch_tokens=1_024)
    plain = given.fitted_to(packed)
    assert plain == TrainingConfig(tokens=10_000, batch_tokens=1_024).fitted_to(packed) == plain.fitted_to(packed)
    assert ingredients(given)["text_bytes"] == 30_000
    assert plain.steps(packed.length) == 10
    with pytest.raises(ValueError, match="is known with the packed data"):
        given.steps(packed.length)


@pytest.mark.parametrize(
    ("vocab_size", "settings", "expected"),
    [
        (64, {}, 32),
        (65_537, {}, 4),
        (65_537, {"gpus": 1}, 32),
        (65_537, {"workers": 4}, 4),
        (65_537, {"micro_batch_sequences": 16}, 16),
        (1 << 24, {}, 1),
    ],
)
def test_a_micro_batch_has_room_for_its_logits(
    packed: Packed, vocab_size: int, settings: dict[str, int], expected: int
) -> None:
    config = TrainingConfig.model_validate({"batch_tokens": 1_024} | settings)
    fitted = config.fitted_to(dataclasses.replace(packed, vocab_size=vocab_size))
    assert fitted.micro_batch(packed.length) == expected


def test_a_text_that_fills_no_batch_is_refused_before_any_worker_starts(packed: Packed, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="text_bytes 3000 is about 1000 tokens, less than one batch"):
        train(packed, {}, TrainingConfig(text_bytes=3_000), None, str(tmp_path))


def test_shares_that_overlap_are_refused() -> None:
    with pytest.raises(ValidationError, match="make their sum at most 1"):
        TrainingConfig(schedule="wsd", warmup_share=0.5, decay_share=0.6)
    with pytest.raises(ValidationError, match="train on more tokens"):
        TrainingConfig(tokens=10)
