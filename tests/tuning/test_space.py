"""Spaces: what is drawn lies inside them, and every mistake is a sentence that names its path and the cure."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from training.recipe import Recipe, set_path
from tuning.config import TuningConfig
from tuning.space import Dimension, label, overridden, probes, values_at
from tuning.sweep import check_sweep

FRACTION = "data.steps.chosen.selector.fraction"
START = "training.curriculum.start_share"


def tuning(path: str, dimension: Any) -> TuningConfig:
    return TuningConfig.model_validate({"space": {path: dimension}})


def as_space(path: str, dimension: Any) -> dict[str, Dimension]:
    return tuning(path, dimension).space


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.floats(0, 1))
def test_a_drawn_number_is_short_and_stays_inside_its_bounds(one: float, other: float, share: float) -> None:
    low, high = sorted((one, other))
    if low == high:
        return
    for kind in ("uniform", "log_uniform"):
        value = as_space("x", {kind: [low, high]})["x"].value(low + share * (high - low))
        assert low <= value <= high
        assert value in (low, high) or float(f"{value:.4g}") == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(st.characters(codec="ascii")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
        max_leaves=6,
    )
)
def test_the_label_of_a_value_is_one_line_that_reads_back_as_the_value(value: Any) -> None:
    text = label(value)
    assert "\n" not in text
    assert yaml.safe_load(text) == value


def test_a_choice_gives_back_the_very_option() -> None:
    options = [None, True, 3, 0.5, "uniform", {"kind": "easy_first", "start_share": 0.2}]
    choice = as_space("x", {"choice": options})["x"]
    assert [choice.value(drawn) for drawn in choice.domain().categories] == options
    assert choice.ends() == tuple(options)


def test_both_ends_of_an_integer_can_be_drawn() -> None:
    domain = as_space("x", {"integer": [2, 4]})["x"].domain()
    assert {domain.sample() for _ in range(200)} == {2, 3, 4}


@pytest.mark.parametrize(
    ("dimension", "sentence"),
    [
        ({"unifrom": [0, 1]}, r"write one of \{uniform: \[low, high\]\}, .*\{choice: \[\.\.\.\]\}"),
        ([0, 1], r"is no dimension; write one of"),
        ({"uniform": [0, 1], "choice": [1]}, r"is no dimension; write one of"),
        ({"uniform": [0.6, 0.2]}, r"low end 0.6 has to be below the high end 0.2"),
        ({"integer": [3, 3]}, r"low end 3 has to be below"),
        ({"log_uniform": [0, 1]}, r"has to be above 0 for a logarithm; raise it, or use `uniform`"),
        ({"choice": []}, r"at least 1 item"),
        ({"choice": ["a", "b", "a"]}, r"the option a is there twice"),
        ({"uniform": [0, float("inf")]}, r"finite number"),
    ],
)
def test_a_wrong_dimension_is_named_with_its_path_and_the_cure(dimension: Any, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as caught:
        tuning(FRACTION, dimension)
    assert caught.value.errors()[0]["loc"][:2] == ("space", FRACTION)


def test_a_tuning_section_reads_back_equal() -> None:
    config = TuningConfig.model_validate(
        {"space": {FRACTION: {"uniform": [0.1, 0.6]}, "seed": {"integer": [0, 3]}, START: {"choice": [0.1, {"a": 1}]}}}
    )
    dumped = yaml.safe_dump(config.model_dump(mode="json", serialize_as_any=True))
    assert TuningConfig.model_validate(yaml.safe_load(dumped)) == config


def test_values_go_where_their_paths_lead_and_nowhere_else(tiny: Recipe) -> None:
    changed = overridden(tiny, {FRACTION: 0.25, START: 0.75})
    assert changed.data.steps["chosen"].selector.fraction == 0.25  # type: ignore[attr-defined]
    assert changed.training.curriculum.start_share == 0.75  # type: ignore[attr-defined]
    assert overridden(changed, {FRACTION: 0.5, START: tiny.training.curriculum.start_share}) == tiny  # type: ignore[attr-defined]
    assert overridden(tiny, {}) == tiny


def test_a_section_is_replaced_before_what_lies_inside_it(tiny: Recipe) -> None:
    values = {START: 0.5, "training.curriculum": {"kind": "easy_first", "growth": "step"}}
    curriculum = overridden(tiny, values).training.curriculum
    assert (curriculum.start_share, curriculum.growth) == (0.5, "step")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("data.steps.chosen.selector.fractoin", r"fractoin=0.5 does not fit .*no such key; did you mean 'fraction'\?"),
        ("data.steps.chsen.selector.fraction", r"data\.steps\.chsen"),
        ("trainng.tokens", r"trainng: no such key; did you mean 'training'\?"),
        ("training.tokens.many", r"goes through 'tokens', which is no section"),
        ("training.curriculum.start_share", r"start_share: is the number 1.5, and has to be less than or equal to 1"),
    ],
)
def test_a_path_that_leads_nowhere_or_a_bound_that_does_not_fit_stops_before_any_work(
    tiny: Recipe, path: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_sweep(tiny, tuning(path, {"uniform": [0.5, 1.5]}))


def test_options_that_do_not_fit_together_stop_before_any_work(tiny: Recipe) -> None:
    config = TuningConfig.model_validate(
        {"space": {"training.curriculum": {"choice": [{"kind": "uniform"}]}, START: {"uniform": [0.1, 0.5]}}}
    )
    with pytest.raises(ValueError, match="start_share: no such key"):
        check_sweep(tiny, config)


def test_a_step_that_would_lack_its_column_stops_before_any_work(tiny: Recipe) -> None:
    with pytest.raises(ValueError, match=r"needs the column 'importance'.*add a score step"):
        check_sweep(tiny, tuning("data.steps.chosen.selector.by", {"choice": ["size", "importance"]}))


@pytest.mark.parametrize(
    ("path", "dimension"),
    [("training.tokens", {"integer": [5_120, 10_240]}), ("training.model.layers", {"choice": [1, 2]})],
)
def test_trials_train_for_equal_flops(tiny: Recipe, path: str, dimension: Any) -> None:
    with pytest.raises(ValueError, match="equal training FLOPs"):
        check_sweep(tiny, tuning(path, dimension))


def test_trials_of_equal_text_are_refused(tiny: Recipe) -> None:
    by_text = tiny.training.model_copy(update={"tokens": None, "text_bytes": 10_000})
    with pytest.raises(ValueError, match=r"set `training\.tokens`, not `text_bytes`"):
        check_sweep(tiny.model_copy(update={"training": by_text}), tuning(FRACTION, {"uniform": [0.2, 0.8]}))


def test_trials_are_measured_on_the_same_text(tiny: Recipe) -> None:
    with pytest.raises(ValueError, match="'evaluation' out of the space"):
        check_sweep(tiny, tuning("evaluation.curve_bytes", {"choice": [1000, 2000]}))


def test_probes_are_the_ends_one_by_one_and_together(tiny: Recipe) -> None:
    config = TuningConfig.model_validate({"space": {FRACTION: {"uniform": [0.2, 0.8]}, START: {"uniform": [0.1, 0.9]}}})
    check_sweep(tiny, config)
    tried = [
        (probe.data.steps["chosen"].selector.fraction, probe.training.curriculum.start_share)  # type: ignore[attr-defined]
        for probe in probes(tiny, config.space)
    ]
    assert tried == [(0.2, 0.25), (0.8, 0.25), (0.5, 0.1), (0.5, 0.9), (0.2, 0.1), (0.8, 0.9)]


def test_values_at_a_point_have_every_path() -> None:
    both = as_space("a.b", {"uniform": [0, 1]}) | as_space("c", {"choice": ["x", "y"]})
    assert values_at(both, {"a.b": 0.123456, "c": "y"}) == {"a.b": 0.1235, "c": "y"}


def test_set_path_makes_the_sections_on_the_way(tmp_path: Path) -> None:
    tree: dict[str, Any] = {"a": {"b": 1}}
    set_path(tree, "a.c.d", 2)
    assert tree == {"a": {"b": 1, "c": {"d": 2}}}
    with pytest.raises(ValueError, match="goes through 'b'"):
        set_path(tree, "a.b.c", 3)
